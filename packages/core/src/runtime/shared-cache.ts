import { RESP_TYPES, createClient } from '@redis/client';
import type { z } from 'zod';
import { SpanKind, inSpan } from '../telemetry/trace.ts';
import { createBreaker } from './breaker.ts';
import { withTokens } from './cache-tokens.ts';
import type { Logger } from './log.ts';
import { NoAnswer } from './outage.ts';
import type { apiSettings } from './settings.ts';

/** A response that any process has loaded; `loadedAt` is in milliseconds since 1970. */
type SharedAnswer = { body: Buffer; headers: Record<string, string>; loadedAt: number };

/** The response, if found, and the state of its portfolio. A response that is loaded now is stored with this state. */
type SharedLookup = { state: string; answer: SharedAnswer | undefined };

/** A cache of published responses, shared by the processes of the API. None of its methods rejects. */
export type SharedCache = {
  /** Undefined if the cache is unavailable or slow, or may have missed a change. */
  read(key: string, portfolio: string | undefined): Promise<SharedLookup | undefined>;
  write(key: string, state: string, answer: SharedAnswer): Promise<void>;
  /** Invalidates all responses of a portfolio (or of all portfolios) for every read after this call. */
  changed(portfolio: string | undefined): void;
  close(): void;
};

/** A slower cache would be useless: the database answers in less. */
const timeoutMilliseconds = 100;
const connectMilliseconds = 2000;
/** Responses are served for this long while the database is unavailable. */
const retentionSeconds = 3600;
const maxAnswerBytes = 1024 * 1024;

/** Counters of changes: of everything, of lists of portfolios, and of one portfolio. */
const everything = 'published:state';
const lists = 'published:state:lists';
const stateKey = (portfolio: string | undefined) =>
  portfolio === undefined ? lists : `published:state:of:${portfolio}`;
/** Answers without "2" are of release 0.1.0, and contain addresses of sources that only members may see. */
const answerKey = (key: string) => `published:answer:2:${key}`;

/**
 * Opens the Valkey or Redis of CACHE_URL and connects in the background; null without that setting. While the cache is
 * unavailable, every process uses its own memory and the database.
 */
export function openSharedCache(
  settings: Pick<z.output<typeof apiSettings>, 'CACHE_URL' | 'CACHE_REPLICATION_GROUP' | 'AWS_REGION'>,
  log: Logger,
): SharedCache | null {
  const { CACHE_URL: url, CACHE_REPLICATION_GROUP: group, AWS_REGION: region } = settings;
  if (url === undefined) return null;
  const breaker = createBreaker('cache', log, { failures: 3, reportedAs: 'cache' });
  const client = createClient({
    ...(group === undefined ? { url } : withTokens({ url, group, region })),
    socket: { connectTimeout: connectMilliseconds, reconnectStrategy: () => 1000 },
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  // The cache may have missed or lost a change: earlier responses must not be used.
  let needsReset = false;
  let isUsed = false;
  client.on('error', (err: unknown) => {
    needsReset = true;
    log.debug({ err, dependency: 'cache' }, 'the cache is unavailable');
  });
  client.connect().catch(() => {});

  /** Runs a command with a timeout. */
  const send = <T>(command: string, work: () => Promise<T>) =>
    inSpan(`cache ${command}`, { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'redis' } }, () =>
      breaker.run(async () => {
        if (!client.isReady) throw new NoAnswer('The cache');
        return inTime(work());
      }),
    );

  async function reset() {
    if (!needsReset) return;
    needsReset = false;
    await send('INCR', () => client.incr(everything)).catch((error: unknown) => {
      needsReset = true;
      throw error;
    });
  }

  return {
    async read(key, portfolio) {
      isUsed = true;
      try {
        await reset();
        const keys = [everything, stateKey(portfolio), answerKey(key)];
        const [all, own, stored] = await send('MGET', () => client.mGet(keys));
        if (needsReset) return undefined;
        const state = `${String(all)}.${String(own)}`;
        return { state, answer: stored ? parse(stored, state) : undefined };
      } catch {
        return undefined;
      }
    },
    async write(key, state, { body, headers, loadedAt }) {
      if (body.length > maxAnswerBytes) return;
      const head = Buffer.from(`${JSON.stringify({ state, headers, loadedAt })}\n`);
      const expiration = { type: 'EX', value: retentionSeconds } as const;
      const value = Buffer.concat([head, body]);
      await send('SET', () => client.set(answerKey(key), value, { expiration })).catch(() => {});
    },
    changed(portfolio) {
      // A process that starts to listen has missed no change if it has served nothing yet.
      if (portfolio === undefined) {
        needsReset ||= isUsed;
        return;
      }
      const counted = [client.incr(stateKey(portfolio)), client.incr(lists)];
      Promise.all(counted.map(inTime)).catch(() => (needsReset = true));
    },
    close() {
      breaker.stop();
      client.destroy();
    },
  };
}

/** Parses a stored response; undefined if it is of another state. */
function parse(stored: Buffer, state: string): SharedAnswer | undefined {
  const end = stored.indexOf('\n');
  const head = JSON.parse(stored.toString('utf8', 0, end)) as Omit<SharedAnswer, 'body'> & { state: string };
  if (head.state !== state) return undefined;
  return { headers: head.headers, loadedAt: head.loadedAt, body: stored.subarray(end + 1) };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer('The cache')), timeoutMilliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
