import { setTimeout as wait } from 'node:timers/promises';
import type { Inside } from './inside.ts';
import type { Api, Platform } from './platform.ts';
import { type Reads, startReader } from './reader.ts';
import { type RowId, findRow } from './rows.ts';
import type { Order } from './sender.ts';
import { type Statements, countStatements } from './statements.ts';
import type { Tally, Target } from './target.ts';

/** What a row did, of both sides. */
export type Measured = Inside &
  Reads & { answers: Tally['answers']; seconds: number; statements: Statements };

const minuteMilliseconds = 60_000;
/** What a spent limit has to last for, beside the flood: it is spent, and the last answers come. */
const spareSeconds = 6;
const settleMilliseconds = 500;

/** Returns what measures a row: an API process of its own, a flood from an address of its own, and a reader beside it. */
export async function createMeasure(platform: Platform, seconds: number) {
  const statements = await countStatements(platform.url, 'portfolio_api');
  let rows = 0;
  async function measure(id: RowId): Promise<Measured> {
    rows += 1;
    const row = findRow(id);
    const api = await platform.startApi(row.settings);
    const target = { port: api.port, address: `127.1.${rows}.1`, seconds, keys: platform.keys };
    const order: Order = { id, target };
    try {
      await warmUp(target);
      if (row.isWithinMinute) await untilMinuteLasts(seconds + spareSeconds);
      await platform.sender.ask('prepare', order);
      await wait(settleMilliseconds);
      await statements.reset();
      const measured = await measureFlood(api, () => platform.sender.ask<Tally['answers']>('send', order));
      return { ...measured, statements: await statements.read() };
    } finally {
      await api.stop();
    }
  }
  return { measure, close: statements.close };
}

async function measureFlood({ ask, port }: Api, send: () => Promise<Tally['answers']>) {
  await ask('begin', undefined);
  const reader = startReader(port);
  const started = performance.now();
  const answers = await send();
  const seconds = (performance.now() - started) / 1000;
  const reads = await reader.stop();
  return { ...(await ask<Inside>('end', undefined)), ...reads, answers, seconds };
}

/** Lets the process load and compile what it needs for the first requests of each kind. */
async function warmUp({ port, keys }: Target) {
  const base = `http://127.0.0.1:${port}`;
  const requests: [path: string, init: RequestInit][] = [
    ['/api/v1/portfolios', {}],
    ['/api/v1/portfolios', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }],
    ['/api/v1/jobs', { headers: { authorization: `Bearer ${keys.viewers.at(-1)}` } }],
    ['/api/v1/jobs', { headers: { authorization: 'Bearer pk_none' } }],
    [
      '/trpc/portfolio.create',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
    ],
    ['/trpc/job.list?input=%7B%7D', { headers: { authorization: 'Bearer pk_none' } }],
  ];
  const rounds = 10;
  for (let round = 0; round < rounds; round++) {
    for (const [path, init] of requests) await (await fetch(base + path, init)).arrayBuffer();
  }
}

/** Waits for the next minute, when limits are renewed, if this one ends too soon. */
async function untilMinuteLasts(seconds: number) {
  const left = minuteMilliseconds - (Date.now() % minuteMilliseconds);
  if (left < seconds * 1000) await wait(left);
}
