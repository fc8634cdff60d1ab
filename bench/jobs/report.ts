import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { dirname } from 'node:path';
import { inRepository } from '../../dev/repository.ts';
import { peerVersions } from './peers.ts';

/** Figures by line and column; ratios come first. */
export type Table = { title: string; note: string; lines: Record<string, Record<string, number | string>> };

export const round = (value: number, digits = 2) => Number(value.toFixed(digits));

/** The value below which this share of all values lies. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export function print({ title, note, lines }: Table): void {
  console.log(`\n${title}\n${note}`);
  console.table(lines);
}

/** Writes the tables of a run to `bench/results/jobs.json`, which git ignores. */
export async function writeResults(tables: Record<string, Table[]>): Promise<void> {
  const path = inRepository('bench/results/jobs.json');
  const machine = { cores: availableParallelism(), processor: cpus()[0]?.model, node: process.version };
  const results = { at: new Date().toISOString(), machine, peers: peerVersions, tables };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
}
