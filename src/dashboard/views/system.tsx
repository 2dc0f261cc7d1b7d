/** Whether a run that is started now would be carried out, and what it would meet. */
import type { JSX } from 'preact';
import { plural } from '../format';
import { Icon } from '../parts/icons';
import { Away, Loading } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { swarms } from '../state/swarms';

interface Health {
  status: 'ok' | 'degraded';
  timestamp: string;
  systems: Record<string, boolean>;
  workers: number;
  problems?: string[];
}

const EVERY_MS = 5000;
const SICK = 503;

const ABOUT: Record<string, [name: string, job: string]> = {
  redis: ['Redis', 'carries every token to whoever watches, and remembers sessions'],
  temporal: ['Temporal', 'keeps every run, whatever breaks'],
  worker: ['Workers', 'call the models'],
  gateway: ['Gateway', 'answers for the models'],
};

export function System(): JSX.Element {
  usePageTitle('System');
  const { data, failure, again } = useAnswer<Health>('/healthz', { everyMs: EVERY_MS, accept: [SICK] });
  return (
    <div class="page">
      <header class="page-title">
        <h1>System</h1>
        <p class="faint">Measured now and again every {EVERY_MS / 1000} seconds.</p>
      </header>
      {failure.value && <Away message={failure.value.message} retry={again} />}
      {!data.value && !failure.value && <Loading what="the system's health" />}
      {data.value?.systems && !failure.value && <Parts health={data.value} />}
      <Models />
    </div>
  );
}

function Parts({ health: { systems, workers, problems = [] } }: { health: Health }): JSX.Element {
  return (
    <>
      <ul class="cards">
        {Object.entries(systems).map(([id, well]) => {
          const [name, job] = ABOUT[id] ?? [id, ''];
          return (
            <li key={id} class={`card ${well ? 'well' : 'sick'}`}>
              <Icon name={well ? 'check' : 'warn'} size={20} />
              <h2>{name}</h2>
              <p>{well ? 'Answers' : 'Does not answer'}</p>
              <p class="faint">{id === 'worker' ? `${plural(workers, 'worker')}; they ${job}` : job}</p>
            </li>
          );
        })}
      </ul>
      {problems.map((problem) => (
        <p key={problem} class="problem" role="alert">
          {problem}
        </p>
      ))}
    </>
  );
}

function Models(): JSX.Element | null {
  if (swarms.value.length === 0) return null;
  return (
    <section aria-labelledby="swarms-title">
      <h2 id="swarms-title">Swarms</h2>
      <div class="table-frame" tabIndex={0} role="region" aria-label="Swarms and their roles">
        <table>
          <thead>
            <tr>
              <th>Swarm</th>
              <th>What it does</th>
              <th>Roles, and the alias or the models through which each speaks</th>
            </tr>
          </thead>
          <tbody>
            {swarms.value.map(({ id, name, description, roles }) => (
              <tr key={id}>
                <th scope="row">{name}</th>
                <td>{description}</td>
                <td>
                  {roles.map(({ role, label, alias, models = [] }) => (
                    <span key={role} class="tag">
                      {label} <span class="mono faint">{alias ?? models.join(', ')}</span>
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
