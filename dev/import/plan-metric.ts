import { compareSamples } from './compare-samples.ts';
import type { MetricFile } from './read-folder.ts';
import { type SamplesFile, readSamples } from './samples.ts';
import { type Change, type Plan, type Step, orNull, stepTo } from './step.ts';

export async function planMetric({ api, portfolio }: Plan, source: MetricFile): Promise<Step> {
  const ref = { portfolio, key: source.slug };
  const wanted = { ...source.fields, description: source.body.trim() };
  const found = await orNull(api.metric.read.query(ref));
  return stepTo({
    what: `metric ${source.slug}`,
    source,
    found,
    wanted,
    async apply() {
      if (!found) await api.metric.define.mutate({ ...ref, ...wanted });
      else await api.metric.update.mutate({ ...ref, ...wanted, expectedVersion: found.version });
    },
  });
}

/**
 * Samples are always sent: recording known ones has no effect, and the API reports which were new. Only a dry run compares
 * them beforehand.
 */
export async function planSamples(plan: Plan, { slug }: MetricFile, samples: SamplesFile): Promise<Step> {
  const ref = { portfolio: plan.portfolio, key: slug };
  const what = `samples of metric ${slug}`;
  const source = { file: samples.file, lineOf: () => 1 };
  const apply = async () => record(plan, ref, what, samples);
  if (samples.count === 0) return { what, source, change: 'unchanged', differences: [], apply };
  if (!plan.dryRun) return { what, source, change: 'created', differences: [], apply };
  const compared = await compareSamples(plan.api, ref, samples);
  return { what: `${what}: ${count(samples.count)} in the file`, source, apply, ...compared };
}

async function record(
  { api }: Plan,
  ref: { portfolio: string; key: string },
  what: string,
  samples: SamplesFile,
): Promise<Partial<Change>> {
  const sum = { created: 0, replaced: 0, unchanged: 0 };
  for await (const batch of readSamples(samples)) {
    const recorded = await api.metric.record.mutate({ ...ref, samples: batch });
    sum.created += recorded.created;
    sum.replaced += recorded.replaced;
    sum.unchanged += recorded.unchanged;
  }
  const { created, replaced, unchanged } = sum;
  const changed = replaced + unchanged > 0 ? 'updated' : 'created';
  return {
    what: `${what}: ${count(created)} new, ${count(replaced)} replaced, ${count(unchanged)} unchanged`,
    change: created + replaced === 0 ? 'unchanged' : changed,
  };
}

const count = (number: number) => number.toLocaleString('en');
