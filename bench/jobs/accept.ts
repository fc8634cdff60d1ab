import { operations } from '@portfolio/core';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startChild } from '../../dev/child.ts';
import { developmentPrograms } from '../../dev/programs.ts';
import { testEncryption } from '../../tests/support/encryption.ts';
import { freePort } from '../../tests/support/stack.ts';
import { median } from '../side-by-side.ts';
import { openBare } from './bare.ts';
import { openGraphile } from './graphile.ts';
import type { Options } from './options.ts';
import { owner } from './our-services.ts';
import { type Ours, openOurs } from './ours.ts';
import { openPgBoss } from './pg-boss.ts';
import { type Table, round } from './report.ts';
import type { Servers } from './servers.ts';
import { connections } from './system.ts';

const inFlight = 10;
const jobs = 1000;
const warmUpJobs = 300;

/** `times`: a fast way gets so many times the jobs, to take as long as the others. */
type Way = { name: string; accept: () => Promise<unknown>; reset: () => Promise<void>; times?: number };

/** Jobs accepted a second while no worker runs. */
export async function accept({ servers, rounds }: Options): Promise<Table[]> {
  await using opened = new AsyncDisposableStack();
  const adopt = <T extends { close(): Promise<void> }>(system: T) =>
    opened.adopt(system, (used) => used.close());
  const graphile = adopt(await openGraphile(servers, false));
  const pgBoss = adopt(await openPgBoss(servers));
  const bare = adopt(await openBare(servers));
  const ours = adopt(await openOurs(servers));
  const nextStudy = await createStudies(ours);
  const api = adopt(await startApi(servers, ours));
  const { reset } = ours;
  const ways: Way[] = [
    { name: 'graphile-worker, addJob', accept: graphile.accept, reset: graphile.reset },
    { name: 'pg-boss, send', accept: pgBoss.accept, reset: pgBoss.reset },
    { name: 'bare insert of a row', accept: bare.insert, reset: bare.reset, times: 8 },
    { name: 'ours: job, event and queue row', accept: ours.accept, reset },
    {
      name: 'ours, the operation: also audit and idempotency key',
      accept: () =>
        operations.caseStudy.export.run({ ...ours.ctx, idempotencyKey: randomUUID() }, nextStudy()),
      reset,
    },
    { name: 'ours, by HTTP', accept: () => api.post(nextStudy()), reset },
  ];
  return [tableOf(ways, await measureAll(ways, rounds))];
}

async function measureAll(ways: Way[], rounds: number): Promise<Map<string, number[]>> {
  const rates = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  for (const { accept: run, reset } of ways) {
    await rate(run, warmUpJobs);
    await reset();
  }
  for (let at = 0; at < rounds; at++) {
    for (const { name, accept: run, reset, times = 1 } of ways) {
      rates.get(name)!.push(await rate(run, jobs * times));
      await reset();
    }
  }
  return rates;
}

/** Calls `run` so often, with `inFlight` calls at a time; resolves to calls per second. */
async function rate(run: () => Promise<unknown>, calls: number): Promise<number> {
  let left = calls;
  const started = performance.now();
  const callers = Array.from({ length: inFlight }, async () => {
    while (left-- > 0) await run();
  });
  await Promise.all(callers);
  return calls / ((performance.now() - started) / 1000);
}

function tableOf(ways: Way[], rates: Map<string, number[]>): Table {
  const perSecond = (name: string) => median(rates.get(name)!);
  const graphile = perSecond(ways[0]!.name);
  const lines = ways.map(({ name }) => [
    name,
    { 'of graphile': round(perSecond(name) / graphile), 'accepted/s': Math.round(perSecond(name)) },
  ]);
  return {
    title: 'Accepting',
    note: `${inFlight} in flight, ${connections} connections each (the API: as deployed), fsync on, no worker.`,
    lines: Object.fromEntries(lines),
  };
}

/** Creates a study for each job of a measurement, since jobs of one study wait for each other. Returns the next one. */
async function createStudies({ ctx, portfolios }: Ours): Promise<() => { portfolio: string; slug: string }> {
  const studies = Array.from({ length: jobs }, (_, at) => ({
    portfolio: portfolios[at % portfolios.length]!.slug,
    slug: `study-${at}`,
  }));
  const left = [...studies];
  const creators = Array.from({ length: inFlight }, async () => {
    for (let study = left.pop(); study; study = left.pop())
      await operations.caseStudy.create.run(ctx, { ...study, title: study.slug });
  });
  await Promise.all(creators);
  let next = 0;
  return () => studies[(next += 1) % studies.length]!;
}

/** Starts the API program, as it is deployed but without rate limits. */
async function startApi({ folder, users, cloud }: Servers, { ctx }: Ours) {
  const programs = await developmentPrograms((line) => console.log(line));
  const { secret } = await issueApiKey(ctx.db, {
    name: 'bench',
    personId: owner.id,
    scopes: owner.scopes,
    expiresAt: null,
  });
  const port = await freePort();
  const child = startChild({
    name: 'api',
    entry: programs.api,
    environment: {
      ...cloud,
      ...testEncryption,
      NODE_COMPILE_CACHE: programs.compileCache,
      DATABASE_URL: users.api,
      HOST: '127.0.0.1',
      PORT: String(port),
      RATE_LIMIT_PER_MINUTE: '1000000000',
      RATE_LIMIT_PORTFOLIO_PER_MINUTE: '1000000000',
    },
    logFile: join(folder, 'api.log'),
    log: (line) => console.log(line),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await wait(20);
  return {
    async post({ portfolio, slug }: { portfolio: string; slug: string }) {
      const path = `/api/v1/portfolios/${portfolio}/case-studies/${slug}/exports`;
      const headers = { authorization: `Bearer ${secret}`, 'idempotency-key': randomUUID() };
      const asked = request({ host: '127.0.0.1', port, method: 'POST', path, headers, agent }).end();
      const [response] = await once(asked, 'response');
      await once(response.resume(), 'end');
      if (response.statusCode !== 202) throw new Error(`The API answered ${response.statusCode}.`);
    },
    async close() {
      agent.destroy();
      await child.stop();
    },
  };
}
