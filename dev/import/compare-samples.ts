import type { Client } from '@portfolio/api/client';
import type { Sample } from '@portfolio/core/metric/schemas';
import type { Difference } from './differences.ts';
import { type SamplesFile, readSamples } from './samples.ts';
import { type Change, orNull } from './step.ts';

const maxDifferences = 20;
/** The maximum number of steps in a response of the API. */
const maxPoints = 5000;

/** Count and sum of the samples of a step. Sums are compared approximately: the order of addition affects the last digits. */
type Sums = { count: number; sum: number };

/**
 * Compares a file of samples with those of the metric, by count and sum of short steps; with regular samples, each step has
 * about one. Other samples of the metric in the same range count as differences.
 */
export async function compareSamples(
  api: Client,
  ref: { portfolio: string; key: string },
  samples: SamplesFile,
): Promise<Pick<Change, 'change' | 'differences'>> {
  const differences: Difference[] = [];
  let known = 0;
  let differing = 0;
  for await (const batch of readSamples(samples)) {
    const wanted = sumUp(batch);
    const found = await readSums(api, ref, wanted);
    for (const [at, after] of wanted.steps) {
      const before = found.get(at);
      if (before) known++;
      if (before && before.count === after.count && isNear(before.sum, after.sum)) continue;
      differing++;
      if (differing > maxDifferences) continue;
      differences.push({ field: at, before: describe(before), after: describe(after) });
    }
  }
  const more = differing - differences.length;
  if (more > 0) differences.push({ field: 'and more', before: undefined, after: `${more} others` });
  if (known === 0) return { change: 'created', differences: [] };
  return { change: differing === 0 ? 'unchanged' : 'updated', differences };
}

type Wanted = { from: string; to: string; stepSeconds: number; steps: Map<string, Sums> };

function sumUp(batch: Sample[]): Wanted {
  const from = batch[0]!.at;
  const to = new Date(Date.parse(batch.at(-1)!.at) + 1).toISOString();
  // One less, since steps are aligned to the clock and may add a partial one.
  const stepSeconds = Math.ceil((Date.parse(to) - Date.parse(from)) / 1000 / (maxPoints - 1));
  const steps = new Map<string, Sums>();
  for (const { at, value } of batch) {
    const stepMs = stepSeconds * 1000;
    const step = new Date(Math.floor(Date.parse(at) / stepMs) * stepMs).toISOString();
    const before = steps.get(step) ?? { count: 0, sum: 0 };
    steps.set(step, { count: before.count + 1, sum: before.sum + value });
  }
  return { from, to, stepSeconds, steps };
}

async function readSums(
  api: Client,
  ref: { portfolio: string; key: string },
  { from, to, stepSeconds }: Wanted,
): Promise<Map<string, Sums>> {
  const series = { ...ref, from, to, step: `${stepSeconds}s` };
  const [counts, sums] = await Promise.all([
    orNull(api.metric.series.query({ ...series, aggregate: 'count' })),
    orNull(api.metric.series.query({ ...series, aggregate: 'sum' })),
  ]);
  const sumOf = new Map(sums?.points.map(({ at, value }) => [at, value]));
  return new Map(counts?.points.map(({ at, value }) => [at, { count: value, sum: sumOf.get(at) ?? 0 }]));
}

const isNear = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

function describe(sums: Sums | undefined): unknown {
  if (!sums) return undefined;
  return sums.count === 1 ? sums.sum : `${sums.count} samples, sum ${sums.sum}`;
}
