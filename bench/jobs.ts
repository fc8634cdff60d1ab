/**
 * Our job pipeline beside graphile-worker, pg-boss and a bare loop on the same Postgres and queue, in one run:
 *
 *     node bench/jobs.ts [accept] [complete] [latency] [claim] [fairness] [--rounds 3] [--cpu-prof]
 *
 * Without names, all rows, which take about four minutes. The first run installs the peers into `bench/peers`. Only ratios
 * are comparable between machines, and between runs on a quiet one. Figures are also written to `bench/results/jobs.json`.
 * With `--cpu-prof`, our worker writes a profile into `bench/results`.
 */
import { parseArgs } from 'node:util';
import { inRepository } from '../dev/repository.ts';
import { accept } from './jobs/accept.ts';
import { claim } from './jobs/claim.ts';
import { complete } from './jobs/complete.ts';
import { fairness } from './jobs/fairness.ts';
import { latency } from './jobs/latency.ts';
import type { Options } from './jobs/options.ts';
import { installPeers, peerVersions } from './jobs/peers.ts';
import { type Table, print } from './jobs/report.ts';
import { startServers } from './jobs/servers.ts';
import { writeResults } from './results.ts';

const rows: Record<string, (options: Options) => Promise<Table[]>> = {
  accept,
  complete,
  latency,
  claim,
  fairness,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, 'cpu-prof': { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(rows, name));
const rounds = Number(values.rounds);
if (unknown.length > 0 || !(rounds >= 1)) {
  console.error(`node bench/jobs.ts [${Object.keys(rows).join('] [')}] [--rounds 3] [--cpu-prof]`);
  process.exit(2);
}

await installPeers();
const servers = await startServers();
try {
  const workerFlags = values['cpu-prof']
    ? ['--cpu-prof', `--cpu-prof-dir=${inRepository('bench/results')}`]
    : [];
  const tables: Record<string, Table[]> = {};
  for (const name of positionals.length > 0 ? positionals : Object.keys(rows)) {
    tables[name] = await rows[name]!({ servers, rounds, workerFlags });
    tables[name].forEach(print);
  }
  await writeResults('jobs', { peers: peerVersions, tables });
} finally {
  await servers.stop();
}
