/**
 * Lists workflow executions by start time, newest first. Temporal's visibility store sorts open executions before closed ones and those by
 * close time, and supports no other order (`ORDER BY` needs Elasticsearch). So this searches for a window of start times that holds
 * slightly more than one page, reads it completely and sorts it here.
 */
import type { Client, Connection } from '@temporalio/client';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { TemporalHandle } from './temporal';

type Execution = NonNullable<WorkflowExecutionDescription['raw']['workflowExecutionInfo']>;

/** A run's position in the list. `startedAt` is in nanoseconds since the Unix epoch. */
export interface Place {
  startedAt: bigint;
  runId: string;
}

export interface NewestRuns {
  executions: Execution[];
  /** The position of the last execution; undefined if there are no more. */
  last: Place | undefined;
}

const LIMIT_MS = 5000;
/** Up to this number of executions are read at once instead of searching for a narrower window. */
const READ_AT_ONCE = 200;
const PAGE_SIZE = 1000;

const MILLISECOND = 1_000_000n;
const FIRST_SPAN = 60_000n * MILLISECOND;
const WIDENING = 8n;

/** At most `limit` executions that match the filter, after the given position. */
export async function readNewest(
  { client, namespace }: Pick<TemporalHandle, 'client' | 'namespace'>,
  filter: string,
  limit: number,
  after: Place | undefined,
): Promise<NewestRuns> {
  const source = new Source(client, namespace, filter, after);
  let span = (await source.count()) <= READ_AT_ONCE ? undefined : await findSpan(source, limit);
  for (;;) {
    const found = (await source.read(span)).filter((one) => !after || compare(after, toPlace(one)) < 0);
    found.sort((a, b) => compare(toPlace(a), toPlace(b)));
    const executions = found.slice(0, limit);
    const [last] = executions.slice(-1);
    if (found.length > limit && last) return { executions, last: toPlace(last) };
    if (span === undefined) return { executions, last: undefined };
    // the window also contained runs of the previous page
    span = source.widen(span);
  }
}

/** A span before the position that holds more than `limit` executions, but at most {@link READ_AT_ONCE}; undefined: read everything. */
async function findSpan(source: Source, limit: number): Promise<bigint | undefined> {
  let tooShort = 0n;
  let tooLong: bigint | undefined;
  let span: bigint | undefined = FIRST_SPAN;
  while (span !== undefined) {
    const count = await source.count(span);
    if (count > limit && count <= READ_AT_ONCE) return span;
    if (count > limit) tooLong = span;
    else tooShort = span;
    // more than a page of runs started within a millisecond
    if (tooLong !== undefined && tooLong - tooShort <= MILLISECOND) return tooLong;
    span = tooLong === undefined ? source.widen(span) : (tooShort + tooLong) / 2n;
  }
  return undefined;
}

/** Newest first; runs with the same start time are ordered by id. */
function compare(a: Place, b: Place): number {
  if (a.startedAt !== b.startedAt) return a.startedAt > b.startedAt ? -1 : 1;
  return a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : 0;
}

function toPlace({ execution, startTime }: Execution): Place {
  const seconds = BigInt(startTime?.seconds?.toString() ?? 0);
  return {
    startedAt: seconds * 1000n * MILLISECOND + BigInt(startTime?.nanos ?? 0),
    runId: execution?.workflowId ?? '',
  };
}

/** The executions up to a position, as the visibility store returns them. */
class Source {
  private readonly deadline = Date.now() + LIMIT_MS;
  private readonly latest: bigint;
  private readonly upTo: string;

  constructor(
    private readonly client: Client,
    private readonly namespace: string,
    private readonly filter: string,
    after: Place | undefined,
  ) {
    this.latest = after?.startedAt ?? BigInt(Date.now()) * MILLISECOND;
    // stores round times, and the server's clock may be ahead of this one
    this.upTo = after ? ` AND StartTime <= '${toTime(after.startedAt + MILLISECOND)}'` : '';
  }

  /** Undefined for a span that reaches back to the beginning. */
  widen(span: bigint): bigint | undefined {
    const wider = span * WIDENING;
    return wider < this.latest ? wider : undefined;
  }

  async count(span?: bigint): Promise<number> {
    const query = this.within(span);
    const { count } = await this.call(({ workflowService }) =>
      workflowService.countWorkflowExecutions({ namespace: this.namespace, query }),
    );
    return Number(count.toString());
  }

  async read(span: bigint | undefined): Promise<Execution[]> {
    const query = this.within(span);
    const found: Execution[] = [];
    let nextPageToken: Uint8Array | undefined;
    do {
      const token = nextPageToken;
      const page = await this.call(({ workflowService }) =>
        workflowService.listWorkflowExecutions({
          ...{ namespace: this.namespace, pageSize: PAGE_SIZE, query },
          ...(token ? { nextPageToken: token } : {}),
        }),
      );
      found.push(...(page.executions ?? []));
      nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
    } while (nextPageToken);
    return found;
  }

  private within(span: bigint | undefined): string {
    const from = span === undefined ? '' : ` AND StartTime >= '${toTime(this.latest - span)}'`;
    return this.filter + from + this.upTo;
  }

  private call<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.client.connection as Connection;
    return connection.withDeadline(this.deadline, () => work(connection));
  }
}

/** RFC 3339, in milliseconds. */
function toTime(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / MILLISECOND)).toISOString();
}
