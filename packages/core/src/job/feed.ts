import { setTimeout as wait } from 'node:timers/promises';
import type { Db, FeedListener, FeedPlace, JobBus, JobFeed } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../runtime/log.ts';
import { toOutage } from '../runtime/outage.ts';
import { personOf } from '../tenancy.ts';
import { readableKinds } from './access.ts';
import { Audience, type Found, type Listeners, type Watcher } from './audience.ts';
import { clientCursor } from './cursor.ts';
import { readNews } from './news.ts';
import { streams } from '../telemetry/contract.ts';

/** From the beginning of one read to the next: what happens meanwhile is found together. */
const spacingMilliseconds = 50;
/** From a read that has failed to the next. */
const retryMilliseconds = 1000;

/** `isFresh`: a read has to begin after somebody has joined, and to succeed. */
type Wish = { name: string; isFresh: boolean };

/**
 * One reader for all watchers of a process. While anybody watches, a hint or the safety poll of the bus causes one
 * statement for all of them, which returns what was committed since the one before; hints meanwhile cause one more.
 */
export function createJobFeed(db: Db, jobBus: Pick<JobBus, 'subscribe'>, log: Logger): JobFeed {
  const audience = new Audience(log);
  const counter = { reads: 0 };
  let reader: Reader | undefined;

  async function watch<Listener extends FeedListener>(
    listeners: Listeners<Listener>,
    { name, isFresh }: Wish,
    listener: Listener,
  ) {
    const leave = listeners.add(name, listener);
    function stop() {
      leave();
      if (!audience.isEmpty()) return;
      reader?.stop();
      reader = undefined;
    }
    try {
      reader ??= new Reader({ db, jobBus, log, audience, counter });
      const joined = await reader.join(isFresh);
      return { ...joined, lastRead: () => counter.reads, [Symbol.dispose]: stop } satisfies FeedPlace;
    } catch (error) {
      stop();
      throw error;
    }
  }

  return {
    watchJob: (jobId, listener) => watch(audience.jobs, { name: jobId, isFresh: false }, listener),
    watchChanges(actor, listener) {
      const watcher: Watcher = {
        items: (items, read) => listener.items(items, read),
        end: (error) => listener.end(error),
        actor,
        kinds: readableKinds(actor).join(' '),
      };
      return actor.kind === 'portfolio-key'
        ? watch(audience.portfolios, { name: actor.portfolioId, isFresh: true }, watcher)
        : watch(audience.people, { name: personOf(actor), isFresh: true }, watcher);
    },
  };
}

type ReaderOptions = {
  db: Db;
  jobBus: Pick<JobBus, 'subscribe'>;
  log: Logger;
  audience: Audience;
  counter: { reads: number };
};

/** Reads from the first listener to the last. */
class Reader {
  readonly #options: ReaderOptions;
  readonly #stop = new AbortController();
  /** What has been seen, of any length. It stays where it is while reads fail, so that the next one finds all. */
  #cursor: string | undefined;
  #failure: unknown;
  /** The latest read, its delivery, and the read after it that somebody waits for. */
  #reading: Promise<Found | undefined> | undefined;
  #delivery: Promise<void> = Promise.resolve();
  #next: Promise<Found | undefined> | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { jobBus, audience } = options;
    void this.#follow(jobBus.subscribe(({ jobId }) => audience.isWatched(jobId), this.#stop.signal));
  }

  stop() {
    this.#stop.abort();
  }

  /** Resolves when no read is under way that began before this call. Where the cursor is, later reads go on. */
  async join(isFresh: boolean): Promise<{ cursor: string; read: number }> {
    const found = await (isFresh || this.#cursor === undefined ? this.#read() : this.#reading);
    if (this.#cursor === undefined || (isFresh && !found)) throw this.#failure;
    return { cursor: clientCursor(this.#cursor), read: found?.read ?? 0 };
  }

  async #follow(hints: AsyncIterable<void> & Disposable) {
    for await (const _ of hints) {
      const spacing = wait(spacingMilliseconds, undefined, { ref: false });
      while (!(await this.#read()) && !this.#stop.signal.aborted) {
        await wait(retryMilliseconds, undefined, { ref: false });
      }
      await spacing;
    }
    hints[Symbol.dispose]();
  }

  /** Reads once the delivery that is under way has ended. All calls until then share the read. */
  #read(): Promise<Found | undefined> {
    this.#next ??= this.#delivery.then(() => {
      this.#next = undefined;
      this.#reading = this.#readNow();
      this.#delivery = this.#deliver(this.#reading);
      return this.#reading;
    });
    return this.#next;
  }

  async #readNow(): Promise<Found | undefined> {
    const { db, log, audience, counter } = this.#options;
    counter.reads += 1;
    const read = counter.reads;
    try {
      const news = await readNews(db, this.#cursor, audience.names(), (unreadable) =>
        log.error({ err: unreadable }, 'a change of a job cannot be read'),
      );
      const receivedAt = performance.now();
      const before = clientCursor(this.#cursor ?? news.cursor);
      this.#cursor = news.cursor;
      return { ...news, before, cursor: clientCursor(news.cursor), read, receivedAt };
    } catch (error) {
      this.#failure = error;
      if (!toOutage(error)) log.error({ err: error }, 'reading the changes of jobs failed');
      return undefined;
    }
  }

  async #deliver(reading: Promise<Found | undefined>) {
    const found = await reading;
    if (!found || this.#stop.signal.aborted) return;
    const { log, audience } = this.#options;
    if (!found.isOfFuture) {
      await audience.tell(found);
      return recordDelay(found);
    }
    log.warn('the database is of an earlier state than before: watchers of jobs start anew');
    await audience.end(new AppError('unavailable', 'The database was restored. Subscribe again.'));
  }
}

/** How old events and changed jobs are once all watchers have got them. No clocks of two machines are compared. */
function recordDelay({ events, changes, readAt, receivedAt }: Found) {
  const sinceRead = performance.now() - receivedAt;
  const times = events.flatMap(({ item: { data } }) => (data.type === 'event' ? [data.event.at] : []));
  for (const at of [...times, ...changes.map(({ job }) => job.updatedAt)])
    streams.freshness.record(Math.max(0, readAt - Date.parse(at) + sinceRead) / 1000);
}
