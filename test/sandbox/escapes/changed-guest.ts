/** A copy of the guest programs with some lines changed. It is a control, in which the attacks that they prevent must succeed. */
import { randomUUID } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Next to the compiled ones, so that packages are resolved from there. */
const SANDBOX = path.join(__dirname, '../../../dist/sandbox');

export interface Change {
  file: string;
  from: string;
  to: string;
}

export interface ChangedInside {
  folder: string;
  remove(): void;
}

/** Throws if a change matches nothing: the control would pass for the wrong reason. */
export function changeGuest(changes: readonly Change[]): ChangedInside {
  const folder = path.join(SANDBOX, `changed-guest-${randomUUID()}`);
  cpSync(path.join(SANDBOX, 'guest'), folder, { recursive: true });
  for (const { file, from, to } of changes) {
    const place = path.join(folder, file);
    const text = readFileSync(place, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${file} does not have this once: ${from}`);
    writeFileSync(
      place,
      text.replace(from, () => to),
    );
  }
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** The WebAssembly imports stay open while a program runs. */
export const GATE_OPEN: Change = { file: 'interpreter.js', from: 'gate.close();', to: '' };
/** Nothing is removed from the interpreter. */
export const NOT_CLEANED: readonly Change[] = [
  { file: 'lockdown.py', from: '    remove_finders()\n    empty_modules()\n    clear_registries()\n', to: '' },
  { file: 'interpreter.js', from: '\ngc.collect()`', to: '`' },
  { file: 'interpreter.js', from: 'removeBuiltinModules)(calls, absent)', to: 'removeBuiltinModules)(calls, [])' },
];
/** No audit hook. */
export const NOTHING_FORBIDDEN: Change = { file: 'lockdown.py', from: '    forbid()\n', to: '' };
