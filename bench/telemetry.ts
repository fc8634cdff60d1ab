/**
 * What telemetry costs: processor time of cached reads over REST, and of jobs that do nothing, with telemetry on beside the
 * same code with it off.
 *
 *     node bench/telemetry.ts [reads] [jobs] [--starts 3] [--rounds 5] [--cpu-prof]
 *
 * Three processes take turns in each round: off, off once more, and on, with a collector on loopback. "Off once more" shows
 * how much of a difference is chance. Each start is of new processes, since two of the same program differ for as long as
 * they run. Ratios are of a round; the median counts. On a quiet machine only: takes about six minutes. Figures are also written to
 * `bench/results/telemetry.json`; with `--cpu-prof`, the processes write profiles into `bench/results`.
 */
import { parseArgs } from 'node:util';
import { listenHttp } from '@portfolio/core/runtime/listen-http';
import { print } from './jobs/report.ts';
import { writeResults } from './results.ts';
import { compare } from './telemetry/compare.ts';
import { measureJobs } from './telemetry/jobs.ts';
import { measureReads } from './telemetry/reads.ts';

const parts = { reads: measureReads, jobs: measureJobs };

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    starts: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    'cpu-prof': { type: 'boolean', default: false },
  },
});
const [starts, rounds] = [Number(values.starts), Number(values.rounds)];
const isPart = (name: string): name is keyof typeof parts => Object.hasOwn(parts, name);
if (!positionals.every(isPart) || !(starts >= 1 && rounds >= 1)) {
  console.error('node bench/telemetry.ts [reads] [jobs] [--starts 3] [--rounds 5] [--cpu-prof]');
  process.exit(2);
}

const collector = await listenHttp({ host: '127.0.0.1', port: 0 }, (request, response) => {
  request
    .resume()
    .once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
const endpoint = `http://127.0.0.1:${collector.port}`;
const tables = [];
try {
  for (const name of positionals.length > 0 ? positionals : (['reads', 'jobs'] as const)) {
    const measured = await parts[name]({ starts, rounds, endpoint, isProfiled: values['cpu-prof'] });
    for (const one of measured) {
      const table = compare(one);
      print(table);
      tables.push(table);
    }
  }
  await writeResults('telemetry', { starts, rounds, tables });
} finally {
  collector.close();
}
