/**
 * Metrics of all workers in one Redis hash, so that the API serves them too and a worker that ends takes none with it. A field is
 * a sample's name and labels; workers add what has come since they added last.
 */
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client';
import type { RedisConnection } from '../redis/connect';
import { METRICS } from '../redis/keys';

/** A sample as prom-client tells it: those of a histogram carry a name of their own. */
export type Sample = MetricValue<string> & { metricName?: string };
type Metric = Omit<MetricObjectWithValues<MetricValue<string>>, 'values'> & { values: Sample[] };

const samplesOf = async (registry: Registry) => (await registry.getMetricsAsJSON()) as Metric[];

const fieldOf = (metric: string, { metricName, labels }: Sample) =>
  JSON.stringify([metric, metricName ?? metric, Object.entries(labels)]);

/** Adds to the shared metrics what a registry has counted; call it again and again, and once at the end. */
export function createMetricsSharing(redis: RedisConnection, registry: Registry): () => Promise<void> {
  const shared = new Map<string, number>();
  let sharing: Promise<void> = Promise.resolve();

  async function share(): Promise<void> {
    const news = new Map<string, [total: number, more: number]>();
    for (const { name, values } of await samplesOf(registry)) {
      for (const sample of values) {
        const field = fieldOf(name, sample);
        const more = sample.value - (shared.get(field) ?? 0);
        if (more !== 0) news.set(field, [sample.value, more]);
      }
    }
    if (news.size === 0) return;
    const adding = redis.multi();
    for (const [field, [, more]] of news) adding.hincrbyfloat(METRICS, field, more);
    await adding.exec();
    for (const [field, [total]] of news) shared.set(field, total);
  }

  // one after the other: two at once would add the same samples twice
  return () => (sharing = sharing.catch(() => undefined).then(share));
}

/** The metrics of all workers. `known` has the same metrics without samples: their kind and their help. */
export async function readSharedMetrics(redis: RedisConnection, known: Registry): Promise<Registry> {
  const byName = await readSamples(redis);
  const metrics = (await samplesOf(known)).map((metric) => ({ ...metric, values: byName.get(metric.name) ?? [] }));
  return AggregatorRegistry.aggregate([metrics]) as Registry;
}

/** The samples of each metric. */
export async function readSamples(redis: RedisConnection): Promise<Map<string, Sample[]>> {
  const byName = new Map<string, Sample[]>();
  for (const [field, value] of Object.entries(await redis.hgetall(METRICS))) {
    const [metric, metricName, labels] = JSON.parse(field) as [string, string, [string, string | number][]];
    const samples = byName.get(metric) ?? [];
    samples.push({ metricName, labels: Object.fromEntries(labels), value: Number(value) });
    byName.set(metric, samples);
  }
  return byName;
}
