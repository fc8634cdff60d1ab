/**
 * How fast an API process with an empty memory cache gets a response from the database, and from the shared cache:
 * `node bench/shared-cache.ts`. Needs the Debian package redis-server. Takes about a minute, on loopback, where both have the
 * same latency. Only ratios are comparable between machines.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anonymous } from '../packages/core/src/actor.ts';
import { operations } from '../packages/core/src/index.ts';
import { openDatabase } from '../packages/core/src/runtime/database.ts';
import { createLog } from '../packages/core/src/runtime/log.ts';
import { connectCache, startValkey } from '../tests/support/valkey.ts';
import { startPlatform } from '../tests/support/stack.ts';
import { printRates } from './side-by-side.ts';

const readers = 32;
const rounds = 5;
const roundMilliseconds = 2000;
const portfolio = 'portfolio-engineering';
const slug = 'outbox-and-leases';

const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
const platform = await startPlatform(folder);
const valkey = await startValkey();
const cache = await connectCache(valkey.url);
const log = createLog('bench', 'warn');
const { db, close } = openDatabase({
  url: platform.databaseUrl,
  poolSize: 10,
  applicationName: 'bench',
  log,
});
const ctx = { db, actor: anonymous, signal: new AbortController().signal };

async function fromDatabase(): Promise<Buffer> {
  return Buffer.from(JSON.stringify(await operations.caseStudy.read.run(ctx as never, { portfolio, slug })));
}

async function fromCache(): Promise<Buffer> {
  const found = await cache.read('study', portfolio);
  if (!found?.answer) throw new Error('The cache has lost the response.');
  return found.answer.body;
}

/** Concurrent reads per second. */
async function rateOf(read: () => Promise<Buffer>): Promise<number> {
  let responses = 0;
  const end = performance.now() + roundMilliseconds;
  async function reader() {
    while (performance.now() < end) {
      await read();
      responses++;
    }
  }
  await Promise.all(Array.from({ length: readers }, reader));
  return (responses / roundMilliseconds) * 1000;
}

try {
  const body = await fromDatabase();
  const { state } = (await cache.read('study', portfolio))!;
  await cache.write('study', state, { body, headers: {}, loadedAt: Date.now() });
  const ways = { 'from the database': fromDatabase, 'from the shared cache': fromCache };
  const rates = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, read] of Object.entries(ways)) {
      const rate = await rateOf(read);
      // The first round warms up.
      if (round > 0) rates.set(name, [...(rates.get(name) ?? []), rate]);
    }
  }
  console.log(`A response of ${body.length} bytes, ${readers} readers:`);
  printRates(rates, { unit: 'responses/s', ratio: 'of the first' });
} finally {
  cache.close();
  await close();
  await valkey.stop();
  await platform.stop();
  await rm(folder, { recursive: true });
}
