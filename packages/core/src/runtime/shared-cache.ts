import { RESP_TYPES, createClient } from '@redis/client';
import type { z } from 'zod';
import { createBreaker } from './breaker.ts';
import { withTokens } from './cache-tokens.ts';
import type { Logger } from './log.ts';
import { NoAnswer } from './outage.ts';
import type { apiSettings } from './settings.ts';

/** An answer that any process has loaded, and when, in milliseconds since 1970. */
type SharedAnswer = { body: Buffer; headers: Record<string, string>; loadedAt: number };

/** What was found, and the state of the portfolio that it belongs to: what is loaded now is kept as of this state. */
type SharedLookup = { state: string; answer: SharedAnswer | undefined };

/** Published answers that the processes of the API have in common. None of its methods rejects. */
export type SharedCache = {
  /** Undefined where the cache is away, slow, or not known to have heard of every change. */
  read(key: string, portfolio: string | undefined): Promise<SharedLookup | undefined>;
  write(key: string, state: string, answer: SharedAnswer): Promise<void>;
  /** Has everything of a portfolio (or of all) count as never read, for every read after this call. */
  changed(portfolio: string | undefined): void;
  close(): void;
};

/** A cache that is slower than this is of no use: the database answers in less. */
const patienceMilliseconds = 100;
const connectMilliseconds = 2000;
/** For so long the database may be away and an answer still be shown. */
const keptSeconds = 3600;
const maxAnswerBytes = 1024 * 1024;

/** Everything that has been shown, lists of portfolios, and one portfolio: numbers that count their changes. */
const everything = 'published:state';
const lists = 'published:state:lists';
const stateKey = (portfolio: string | undefined) =>
  portfolio === undefined ? lists : `published:state:of:${portfolio}`;
const answerKey = (key: string) => `published:answer:${key}`;

/**
 * Opens the Valkey or Redis of CACHE_URL, and connects to it in the background; null where there is none. It may be away
 * at any time: then every process goes on with its own memory and the database.
 */
export function openSharedCache(
  settings: Pick<z.output<typeof apiSettings>, 'CACHE_URL' | 'CACHE_REPLICATION_GROUP' | 'AWS_REGION'>,
  log: Logger,
): SharedCache | null {
  const { CACHE_URL: url, CACHE_REPLICATION_GROUP: group, AWS_REGION: region } = settings;
  if (url === undefined) return null;
  const breaker = createBreaker('cache', log, { failures: 3 });
  const client = createClient({
    ...(group === undefined ? { url } : withTokens({ url, group, region })),
    socket: { connectTimeout: connectMilliseconds, reconnectStrategy: () => 1000 },
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  // There may be a change that it has not heard of, or has lost with its memory: nothing of before is to be believed.
  let owesReset = false;
  let isUsed = false;
  client.on('error', (err: unknown) => {
    owesReset = true;
    log.debug({ err, dependency: 'cache' }, 'the cache cannot be reached');
  });
  client.connect().catch(() => {});

  /** Asks it, for as long as it may take. */
  const ask = <T>(work: () => Promise<T>) =>
    breaker.run(async () => {
      if (!client.isReady) throw new NoAnswer('The cache');
      return inTime(work());
    });

  async function reset() {
    if (!owesReset) return;
    owesReset = false;
    await ask(() => client.incr(everything)).catch((error: unknown) => {
      owesReset = true;
      throw error;
    });
  }

  return {
    async read(key, portfolio) {
      isUsed = true;
      try {
        await reset();
        const keys = [everything, stateKey(portfolio), answerKey(key)];
        const [all, own, kept] = await ask(() => client.mGet(keys));
        if (owesReset) return undefined;
        const state = `${String(all)}.${String(own)}`;
        return { state, answer: kept ? parse(kept, state) : undefined };
      } catch {
        return undefined;
      }
    },
    async write(key, state, { body, headers, loadedAt }) {
      if (body.length > maxAnswerBytes) return;
      const head = Buffer.from(`${JSON.stringify({ state, headers, loadedAt })}\n`);
      const expiration = { type: 'EX', value: keptSeconds } as const;
      await ask(() => client.set(answerKey(key), Buffer.concat([head, body]), { expiration })).catch(
        () => {},
      );
    },
    changed(portfolio) {
      // A process that begins to listen for changes has missed none if it has shown nothing.
      if (portfolio === undefined) {
        owesReset ||= isUsed;
        return;
      }
      const counted = [client.incr(stateKey(portfolio)), client.incr(lists)];
      Promise.all(counted.map(inTime)).catch(() => (owesReset = true));
    },
    close() {
      breaker.stop();
      client.destroy();
    },
  };
}

/** What was kept as of another state is of no use. */
function parse(kept: Buffer, state: string): SharedAnswer | undefined {
  const end = kept.indexOf('\n');
  const head = JSON.parse(kept.toString('utf8', 0, end)) as Omit<SharedAnswer, 'body'> & { state: string };
  if (head.state !== state) return undefined;
  return { headers: head.headers, loadedAt: head.loadedAt, body: kept.subarray(end + 1) };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer('The cache')), patienceMilliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
