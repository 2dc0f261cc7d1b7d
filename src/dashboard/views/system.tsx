/** Whether a run that starts now would be executed. */
import type { JSX } from 'preact';
import { plural } from '../format';
import { Icon } from '../parts/icons';
import { Away, Loading } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { HEALTH_QUESTION, type Health } from '../state/health';
import { nameSwarm, swarms } from '../state/swarms';

const ABOUT: Record<string, [name: string, job: string, states?: [well: string, sick: string]]> = {
  redis: ['Redis', 'streams every token to viewers, and stores sessions'],
  temporal: ['Temporal', 'stores every run, whatever fails'],
  worker: ['Workers', 'call the models'],
  gateway: ['Gateway', 'answers for the models', ['Answers', 'Cannot be used']],
  sandbox: ['Sandbox', 'executes the programs that models write', ['Executes code', 'Executes no code']],
  background: ['Background', 'background loops of API and workers', ['All loops succeed', 'A loop fails']],
};

/** Only workers measure these; without a worker nobody knows. */
const REPORTED_BY_WORKERS = ['gateway', 'sandbox'];

export function System(): JSX.Element {
  usePageTitle('System');
  const { data, failure, again } = useAnswer<Health>('/healthz', HEALTH_QUESTION);
  return (
    <div class="page">
      <header class="page-title">
        <h1>System</h1>
        <p class="faint">Measured every {HEALTH_QUESTION.everyMs / 1000} seconds.</p>
      </header>
      {failure.value && <Away message={failure.value.message} retry={again} />}
      {!data.value && !failure.value && <Loading what="the system's health" />}
      {data.value?.systems && !failure.value && <Parts health={data.value} />}
      <Models />
    </div>
  );
}

function Parts({ health: { systems, workers = 0, isolation, problems = [] } }: { health: Health }): JSX.Element {
  return (
    <>
      <ul class="cards">
        {Object.entries(systems).map(([id, well]) => {
          const part = describePart(id, well, systems.worker);
          return (
            <li key={id} class={`card ${part.tone}`}>
              <Icon name={well ? 'check' : 'warn'} size={20} />
              <h2>{part.name}</h2>
              <p>{part.state}</p>
              <p class="faint">{id === 'worker' ? `${plural(workers, 'worker')}; they ${part.job}` : part.job}</p>
              {id === 'sandbox' && isolation && <Isolation {...isolation} />}
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

function describePart(id: string, well: boolean, hasWorker: boolean) {
  const [name, job, [good, bad] = ['Answers', 'Does not answer']] = ABOUT[id] ?? [id, ''];
  if (well) return { name, job, tone: 'well', state: good };
  const isUnknown = !hasWorker && REPORTED_BY_WORKERS.includes(id);
  return isUnknown
    ? { name, job, tone: '', state: 'Unknown: no worker reports it' }
    : { name, job, tone: 'sick', state: bad };
}

function Isolation({ layers, unprotected }: { layers: string[]; unprotected: string[] }): JSX.Element {
  return (
    <>
      <p class="faint">Isolated by {layers.join(', ')}</p>
      {unprotected.length > 0 && <p>No second layer protects {unprotected.join(', ')}</p>}
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
              <th>Roles, each with its model alias or models</th>
            </tr>
          </thead>
          <tbody>
            {swarms.value.map(({ id, description, roles }) => (
              <tr key={id}>
                <th scope="row">{nameSwarm(id)}</th>
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
