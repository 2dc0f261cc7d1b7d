/** Goes to a view or to one of the latest runs, by typing. Loaded on first use. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { RunPage } from '../../contract/replies';
import { visible } from '../markdown/visible';
import { nameSwarm } from '../state/swarms';
import { Dialog } from './dialog';
import { VIEWS } from './navigation';
import { useAnswer } from './page';

const SHOWN = 12;

interface Command {
  path: string;
  name: string;
  detail: string;
}

export default function Commands({ onClose }: { onClose: () => void }): JSX.Element {
  const { route } = useLocation();
  const text = useSignal('');
  const at = useSignal(0);
  const list = useRef<HTMLUListElement>(null);
  const { data } = useAnswer<RunPage>('/runs?limit=100');
  const commands = findCommands(data.value, text.value);
  const current = Math.min(at.value, commands.length - 1);
  useEffect(() => list.current?.children[current]?.scrollIntoView({ block: 'nearest' }), [current]);
  const open = ({ path }: Command) => {
    onClose();
    route(path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = commands[current];
    if (event.key === 'Enter' && chosen) open(chosen);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    at.value = (current + step + commands.length) % Math.max(1, commands.length);
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <div class="dialog-body commands">
        <input
          type="text"
          role="combobox"
          aria-label="A view, or words of a task"
          aria-expanded="true"
          aria-controls="command-list"
          aria-activedescendant={commands.length > 0 ? `command-${current}` : undefined}
          placeholder="A view, or words of a task"
          autocomplete="off"
          ref={useFocus()}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
            at.value = 0;
          }}
          onKeyDown={onKeyDown}
        />
        <ul id="command-list" role="listbox" aria-label="Matches" ref={list}>
          {commands.map((command, index) => (
            <li
              key={command.path}
              id={`command-${index}`}
              role="option"
              aria-selected={index === current}
              onClick={() => open(command)}
            >
              <span dir="auto">{visible(command.name)}</span>
              <span class="faint">{command.detail}</span>
            </li>
          ))}
        </ul>
        {commands.length === 0 && <p class="faint">No view and none of the latest runs matches.</p>}
      </div>
    </Dialog>
  );
}

/** Focuses an element when it appears. */
function useFocus(): { current: HTMLInputElement | null } {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return field;
}

function findCommands(page: RunPage | undefined, text: string): Command[] {
  const views = VIEWS.map(([path, , name]) => ({ path, name, detail: 'View' }));
  const runs = (page?.runs ?? []).map(({ run_id, message, swarm_id }) => ({
    path: `/dashboard/runs/${encodeURIComponent(run_id)}`,
    name: message || run_id,
    detail: nameSwarm(swarm_id),
  }));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ path, name }: Command) => words.every((word) => `${name} ${path}`.toLowerCase().includes(word));
  return [...views, ...runs].filter(matches).slice(0, SHOWN);
}
