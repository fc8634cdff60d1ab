import { median } from '../side-by-side.ts';
import { openBare } from './bare.ts';
import type { Options } from './options.ts';
import { openOurs } from './ours.ts';
import { type Table, quantile, round } from './report.ts';
import { slots } from './system.ts';

const waiting = 20_000;
const groups = 200;
const claims = 30;

/** The time of one claim with many jobs waiting, each claim undone by a rollback. */
export async function claim({ servers }: Options): Promise<Table[]> {
  await using opened = new AsyncDisposableStack();
  const bare = opened.adopt(await openBare(servers), (used) => used.close());
  const ours = opened.adopt(await openOurs(servers), (used) => used.close());
  const portfolioIds = [ours.portfolios[0]!.id];

  async function measureOurs(jobs: number, inGroups: number): Promise<number[]> {
    await ours.reset();
    await ours.seedMany({ jobs, groups: inGroups, portfolioIds });
    return times(async () => {
      const { milliseconds, jobs: claimed } = await ours.claimAndUndo();
      if (claimed === 0) throw new Error('Nothing was claimed.');
      return milliseconds;
    });
  }
  await bare.reset();
  await bare.seed(waiting);
  const measured = {
    [`bare SKIP LOCKED, ${waiting} waiting`]: await times(bare.claimAndUndo),
    [`ours, ${slots} waiting`]: await measureOurs(slots, slots),
    [`ours, ${waiting} waiting without groups`]: await measureOurs(waiting, waiting),
    [`ours, ${waiting} waiting in ${groups} groups`]: await measureOurs(waiting, groups),
  };
  await ours.reset();
  await bare.reset();
  return [tableOf(measured)];
}

async function times(measure: () => Promise<number>): Promise<number[]> {
  const measured: number[] = [];
  for (let at = 0; at < claims; at++) measured.push(await measure());
  return measured;
}

function tableOf(measured: Record<string, number[]>): Table {
  const bare = median(Object.values(measured)[0]!);
  const lines = Object.entries(measured).map(([name, milliseconds]) => [
    name,
    {
      'of bare': round(median(milliseconds) / bare),
      'median ms': round(median(milliseconds)),
      'p95 ms': round(quantile(milliseconds, 0.95)),
    },
  ]);
  return {
    title: 'Claiming',
    note: `One statement, ${claims} times, without the commit.`,
    lines: Object.fromEntries(lines),
  };
}
