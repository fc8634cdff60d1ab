import { setTimeout as wait } from 'node:timers/promises';
import type { Inside } from './inside.ts';
import type { Api, Platform } from './platform.ts';
import { type Reads, startReader } from './reader.ts';
import { type RowId, findRow } from './rows.ts';
import type { Order } from './sender.ts';
import { type Statements, countStatements } from './statements.ts';
import type { Sent, Target } from './target.ts';

/** What a row did, of both sides. */
export type Measured = Inside & Reads & Sent & { seconds: number; statements: Statements };

const minuteMilliseconds = 60_000;
/** What a spent limit has to last for, beside the flood: it is spent, and the last answers come. */
const spareSeconds = 15;
const warmUpRounds = 5;
const settleMilliseconds = 500;
/** Long enough for what a process sends every few seconds. */
const idleSeconds = 6;

/**
 * Returns what measures a flood: an API process of its own, an address of its own to send it from, and a reader beside it;
 * and what measures a process to which only that reader comes.
 */
export async function createMeasure(platform: Platform, seconds: number) {
  const statements = await countStatements(platform.url, 'portfolio_api');
  let rows = 0;

  async function flood(id: RowId): Promise<Measured> {
    rows += 1;
    const row = findRow(id);
    await using api = await platform.startApi(row.settings);
    const target = { port: api.port, address: `127.1.${rows}.1`, seconds, keys: platform.keys };
    const order: Order = { id, target };
    await warmUp(target);
    if (row.isWithinMinute) await untilMinuteLasts(seconds + spareSeconds);
    await platform.sender.ask('prepare', order);
    await wait(settleMilliseconds);
    await statements.reset();
    const measured = await measureBeside(api, () => platform.sender.ask<Sent>('send', order));
    return { ...measured, statements: await statements.read() };
  }

  /** The statements are all since the start of the process, with the first read. */
  async function idle(): Promise<Measured> {
    await statements.reset();
    await using api = await platform.startApi();
    const reader = startReader(api.port);
    await wait(settleMilliseconds);
    await reader.stop();
    const measured = await measureBeside(api, () => wait(idleSeconds * 1000, { answers: {}, bodyBytes: 0 }));
    return { ...measured, statements: await statements.read() };
  }

  return { flood, idle, close: statements.close };
}

async function measureBeside({ ask, port }: Api, send: () => Promise<Sent>) {
  await ask('begin', undefined);
  const reader = startReader(port);
  const started = performance.now();
  const sent = await send();
  const seconds = (performance.now() - started) / 1000;
  const reads = await reader.stop();
  return { ...(await ask<Inside>('end', undefined)), ...reads, ...sent, seconds };
}

const withKey = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

/** Lets the process load and compile what it needs for the first requests of each kind, and note the use of keys. */
async function warmUp({ port, keys: { owner, viewer, nonMember, narrow } }: Target) {
  const base = `http://127.0.0.1:${port}`;
  const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
  const requests: [path: string, init: RequestInit][] = [
    ['/api/v1/portfolios', {}],
    ['/api/v1/portfolios', post],
    ['/trpc/portfolio.create', post],
    ...[owner, viewer, nonMember, narrow, 'pk_none'].flatMap((key): [string, RequestInit][] => [
      ['/api/v1/jobs', withKey(key)],
      ['/trpc/job.list?input=%7B%7D', withKey(key)],
    ]),
  ];
  for (let round = 0; round < warmUpRounds; round++) {
    for (const [path, init] of requests) await (await fetch(base + path, init)).arrayBuffer();
  }
}

/** Waits for the next minute, when limits are renewed, if this one ends too soon. */
async function untilMinuteLasts(seconds: number) {
  const left = minuteMilliseconds - (Date.now() % minuteMilliseconds);
  if (left < seconds * 1000) await wait(left);
}
