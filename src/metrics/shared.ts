/**
 * Stores the metrics of all workers in one Redis hash, so that the API can serve them and they survive the end of a worker. A field
 * consists of a sample's name and labels; workers add the difference since their last update.
 */
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client';
import type { RedisConnection } from '../redis/connect';
import { METRICS } from '../redis/keys';

/** A sample as prom-client returns it; samples of a histogram have their own name. */
export type Sample = MetricValue<string> & { metricName?: string };
type Metric = Omit<MetricObjectWithValues<MetricValue<string>>, 'values'> & { values: Sample[] };

const fetchSamples = async (registry: Registry) => (await registry.getMetricsAsJSON()) as Metric[];

const writeField = (metric: string, { metricName, labels }: Sample) =>
  JSON.stringify([metric, metricName ?? metric, Object.entries(labels)]);

/** Returns a function that adds a registry's counts to the shared metrics. Call it periodically, and once at the end. */
export function createMetricsSharing(redis: RedisConnection, registry: Registry): () => Promise<void> {
  const shared = new Map<string, number>();
  let sharing: Promise<void> = Promise.resolve();

  async function share(): Promise<void> {
    const payload = new Map<string, [total: number, more: number]>();
    for (const { name, values } of await fetchSamples(registry)) {
      for (const sample of values) {
        const field = writeField(name, sample);
        const more = sample.value - (shared.get(field) ?? 0);
        if (more !== 0) payload.set(field, [sample.value, more]);
      }
    }
    if (payload.size === 0) return;
    const adding = redis.multi();
    for (const [field, [, more]] of payload) adding.hincrbyfloat(METRICS, field, more);
    await adding.exec();
    for (const [field, [total]] of payload) shared.set(field, total);
  }

  // serialised: two concurrent updates would add the same samples twice
  return () => (sharing = sharing.catch(() => undefined).then(share));
}

/** Returns the metrics of all workers. `known` contains the same metrics without samples: their types and help texts. */
export async function readSharedMetrics(redis: RedisConnection, known: Registry): Promise<Registry> {
  const byName = await readSamples(redis);
  const metrics = (await fetchSamples(known)).map((metric) => ({ ...metric, values: byName.get(metric.name) ?? [] }));
  return AggregatorRegistry.aggregate([metrics]) as Registry;
}

/** Returns the samples of each metric. */
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
