/** The state of the gateways and their models, and the use of each limit. */
import type { JSX } from 'preact';
import type { GatewaysReply, ModelState } from '../../contract';
import { count, duration } from '../format';
import { visible } from '../markdown/visible';
import { Figure } from '../parts/lane';
import { Meter } from '../parts/meter';
import { Away, Loading, Notice } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { StatusPill } from '../parts/status';
import { writeReason } from '../parts/turn-notes';
import { now } from '../state/clock';

const EVERY_MS = 2000;

export default function Gateways(): JSX.Element {
  usePageTitle('Gateways');
  const { data, failure, again } = useAnswer<GatewaysReply>('/gateways', { everyMs: EVERY_MS });
  return (
    <div class="page wide-page">
      <header class="page-title">
        <h1>Gateways</h1>
        <p class="faint">Health and limits of every model, over all workers.</p>
      </header>
      {failure.value ? (
        <Away message={failure.value.message} retry={again} />
      ) : data.value ? (
        <All reply={data.value} />
      ) : (
        <Loading what="the gateways" />
      )}
    </div>
  );
}

function All({ reply: { gateways, window_ms: windowMs } }: { reply: GatewaysReply }): JSX.Element {
  if (gateways.length === 0)
    return (
      <Notice icon="gauge" title="No worker available">
        <p>Workers call the gateways and report their health. None has reported in the last seconds.</p>
        <a class="button" href="/dashboard/system">
          System
        </a>
      </Notice>
    );
  return (
    <>
      {gateways.map((gateway) => (
        <Gateway key={gateway.gateway} gateway={gateway} />
      ))}
      {windowMs !== null && <p class="faint">Requests and tokens are those of the last {count(windowMs / 1000)} s.</p>}
    </>
  );
}

function Gateway({ gateway }: { gateway: GatewaysReply['gateways'][number] }): JSX.Element {
  const { gateway: name, ok, problem, models } = gateway;
  return (
    <section class="gateway" aria-labelledby={`gateway-${name}`}>
      <header class="section-title">
        <h2 id={`gateway-${name}`}>{name}</h2>
        <StatusPill status={ok ? 'completed' : 'failed'} word={ok ? 'Healthy' : 'Unhealthy'} />
      </header>
      {problem && <p class="problem">{visible(problem)}</p>}
      <ul class="models">
        {models.map((model) => (
          <li key={model.model}>
            <Model model={model} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Model({ model }: { model: ModelState }): JSX.Element {
  const { aliases, waiting, first_token_ms: firstToken, duration_ms: took } = model;
  return (
    <article class="model">
      <header>
        <h3 class="mono">{visible(model.model)}</h3>
        <Standing model={model} />
      </header>
      <p>
        {aliases.map((alias) => (
          <span key={alias} class="tag mono">
            {alias}
          </span>
        ))}
      </p>
      <Rest model={model} />
      <Limits model={model} />
      <dl class="figures">
        <Figure name="First token" value={firstToken === null ? '–' : duration(firstToken)} />
        <Figure name="Total latency" value={took === null ? '–' : duration(took)} />
        <Figure name="Queued turns" value={count(waiting)} />
      </dl>
    </article>
  );
}

function Standing({ model: { breaker, resting_until: until } }: { model: ModelState }): JSX.Element {
  if (breaker === 'open') return <StatusPill status="failed" word="Circuit open" />;
  if (breaker === 'half-open') return <StatusPill status="waiting" word="Probing" />;
  return until !== null && until > now.value ? (
    <StatusPill status="waiting" word="Cooling down" />
  ) : (
    <StatusPill status="completed" word="Available" />
  );
}

function Rest({ model: { resting_until: until, reason } }: { model: ModelState }): JSX.Element | null {
  const left = until === null ? 0 : Math.ceil((until - now.value) / 1000);
  if (left <= 0 && !reason) return null;
  return (
    <p class="note waiting" title={reason ? visible(reason.message) : ''}>
      <span>
        {reason && <strong>{writeReason(reason.code)}</strong>}
        {reason && left > 0 && ', '}
        {left > 0 && `available again in ${duration(left * 1000)}`}
      </span>
    </p>
  );
}

function Limits({ model: { requests, tokens, concurrency } }: { model: ModelState }): JSX.Element {
  const all: [string, ModelState['requests']][] = [
    ['Requests', requests],
    ['Tokens', tokens],
    ['Concurrency', concurrency],
  ];
  const set = all.flatMap(([name, share]) => (share ? [{ name, ...share }] : []));
  if (set.length === 0) return <p class="faint">No limit is set.</p>;
  return (
    <dl class="limits">
      {set.map(({ name, used, limit }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {count(used)} of {count(limit)}
            <Meter name={name} used={used} limit={limit} text={`${count(used)} of ${count(limit)}`} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
