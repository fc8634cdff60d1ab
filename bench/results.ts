import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { dirname } from 'node:path';
import { inRepository } from '../dev/repository.ts';

/** Writes the figures of a run, with the machine they are of, to `bench/results/<name>.json`, which git ignores. */
export async function writeResults(name: string, figures: object): Promise<void> {
  const path = inRepository(`bench/results/${name}.json`);
  const machine = { cores: availableParallelism(), processor: cpus()[0]?.model, node: process.version };
  const results = { at: new Date().toISOString(), machine, ...figures };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
}
