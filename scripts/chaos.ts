/**
 * `npm run chaos -- <scenario>... | all | soak`: injects faults, and exits with a non-zero code if a promise was broken.
 * docs/chaos-testing.md describes the scenarios.
 */
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { enableDatabaseUsers } from '../dev/database-users.ts';
import { startPostgres } from '../dev/postgres.ts';
import { migrate } from '../packages/core/src/runtime/migrate.ts';
import { createRunner } from '../tests/chaos/run-scenario.ts';
import type { Scenario } from '../tests/chaos/scenario.ts';
import { scenarios } from '../tests/chaos/scenarios/index.ts';
import { createSoak } from '../tests/chaos/soak/soak.ts';

const usage = `Usage: npm run chaos -- <scenario>... | all [--quick]
       npm run chaos -- soak [--seed <number>] [--jobs <number>]

--quick makes outages and loads as short as in the tests, and \`all\` skips the scenarios that take minutes.

Scenarios:
${scenarios.map(({ name, injects }) => `  ${name.padEnd(20)} ${injects}`).join('\n')}`;

const { positionals: names, values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    jobs: { type: 'string', default: '5000' },
  },
});
const soak = createSoak(Number(values.seed), Number(values.jobs));
const chosen = [...scenarios, soak].filter((scenario) =>
  names.includes('all')
    ? scenario !== soak && (scenario.tested !== 'never' || !values.quick)
    : names.includes(scenario.name),
);
if (chosen.length === 0) {
  console.error(usage);
  process.exit(2);
}

/** A folder for all data, with one database server. */
async function createResources(folder: string) {
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false });
  // It creates the users of API and worker, which all databases of a server share.
  await migrate({ url: server.url }, { url: server.url });
  await enableDatabaseUsers(server.url);
  let databases = 0;
  const statement = async (text: string) => {
    const sql = postgres(server.url, { max: 1 });
    try {
      await sql.unsafe(text);
    } finally {
      await sql.end();
    }
  };
  return {
    stop: () => server.stop(),
    folder,
    async createDatabase() {
      const name = `chaos_${++databases}`;
      await statement(`create database ${name}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return { url: url.href, drop: () => statement(`drop database ${name} with (force)`) };
    },
  };
}

async function report(scenario: Scenario): Promise<boolean> {
  console.log(`\n${scenario.name}: ${scenario.injects}.\n  Promise: ${scenario.promises}.`);
  const missing = scenario.needs && !scenario.needs.isThere();
  if (missing) {
    console.log(`  SKIPPED: requires the Debian package ${scenario.needs!.package}.`);
    skipped.push(scenario.name);
    return true;
  }
  const started = performance.now();
  const { measured, broken } = await runner.run(scenario);
  for (const [name, figure] of Object.entries(measured)) console.log(`  ${name}: ${figure}`);
  for (const line of broken) console.log(`  BROKEN: ${line}`);
  const verdict = broken.length === 0 ? 'held' : 'BROKEN';
  console.log(`  ${verdict} after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return broken.length === 0;
}

const folder = await mkdtemp(join(tmpdir(), 'portfolio-chaos-'));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
// The programs exit with this process, and the logs remain only if a promise was broken.
process.once('exit', () => {
  if (failed.length === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
const failed: string[] = [];
const skipped: string[] = [];
const resources = await createResources(folder);
const runner = await createRunner(resources, values.quick);
try {
  for (const scenario of chosen) if (!(await report(scenario))) failed.push(scenario.name);
} finally {
  await runner.stop();
  await resources.stop();
}
console.log(
  failed.length === 0
    ? `\nEvery tested promise held.${skipped.length > 0 ? ` Skipped: ${skipped.join(', ')}.` : ''}`
    : `\nPromises were broken in: ${failed.join(', ')}. The logs of the processes are in ${folder}.`,
);
// Exits explicitly, since an aborted scenario may have left open handles.
process.exit(failed.length + skipped.length === 0 ? 0 : 1);
