import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Db, FeedListener, FeedPlace, JobBus, JobFeed } from '../context.ts';
import type { Logger } from '../runtime/log.ts';
import { toOutage } from '../runtime/outage.ts';
import type { Tracked } from '../stream.ts';
import { subjectOf } from '../tenancy.ts';
import { type News, readNews } from './news.ts';
import type { Job, JobStreamItem } from './schemas.ts';

/** How many listeners are called before other work of the process has its turn: less than a millisecond. */
const callsPerTurn = 25;
/** From the beginning of one read to the next: what happens meanwhile is found together. */
const spacingMilliseconds = 50;
/** From a read that has failed to the next. */
const retryMilliseconds = 1000;

/** What one read has found since the cursor `before`. */
type Found = News & { before: string; read: number };

/**
 * One reader for all watchers of a process. While anybody watches, a hint or the safety poll of the bus causes one
 * statement for all of them, which returns what was committed since the one before; hints meanwhile cause one more.
 */
export function createJobFeed(db: Db, jobBus: Pick<JobBus, 'subscribe'>, log: Logger): JobFeed {
  const audience = createAudience(log);
  const { jobs, subjects, portfolios } = audience;
  const watchesChanges = () => subjects.size + portfolios.size > 0;
  let reads = 0;

  /** The time from the first listener to the last. */
  function begin() {
    const stop = new AbortController();
    const hints = jobBus.subscribe(({ jobId }) => jobs.has(jobId) || watchesChanges(), stop.signal);
    let cursor: string | undefined;
    let failure: unknown;
    let reading: Promise<Found | undefined> | undefined;
    let next: Promise<Found | undefined> | undefined;
    let told: Promise<unknown> = Promise.resolve();

    async function readNow(): Promise<Found | undefined> {
      const read = (reads += 1);
      try {
        const news = await readNews(db, cursor, audience.names());
        const found = { ...news, before: cursor ?? news.cursor, read };
        ({ cursor } = news);
        return found;
      } catch (error) {
        // The cursor stays where it is, so that the next read finds all.
        failure = error;
        if (!toOutage(error)) log.error({ err: error }, 'reading the changes of jobs failed');
        return undefined;
      }
    }

    /** Reads after the read, and its delivery, that are under way. Calls until then share the read. */
    function read(): Promise<Found | undefined> {
      next ??= told.then(() => {
        next = undefined;
        reading = readNow();
        told = reading.then(async (found) => {
          if (found && !stop.signal.aborted) await audience.tell(found);
        });
        return reading;
      });
      return next;
    }

    async function follow() {
      using _ = hints;
      for await (const _hint of hints) {
        const spacing = wait(spacingMilliseconds, undefined, { ref: false });
        while (!(await read()) && !stop.signal.aborted) {
          await wait(retryMilliseconds, undefined, { ref: false });
        }
        await spacing;
      }
    }
    void follow();

    return {
      stop: () => stop.abort(),
      /** Resolves when no read is under way that began before this call; `isFresh` if one has begun since. */
      async join(isFresh: boolean): Promise<{ cursor: string; read: number }> {
        const found = await (isFresh || cursor === undefined ? read() : reading);
        if (cursor === undefined || (isFresh && !found)) throw failure;
        return { cursor, read: found?.read ?? reads };
      },
    };
  }

  let session: ReturnType<typeof begin> | undefined;

  async function watch<T>(
    listeners: Listeners<T>,
    { name, isFresh }: { name: string; isFresh: boolean },
    listener: FeedListener<T>,
  ): Promise<FeedPlace> {
    const leave = listeners.add(name, listener);
    function stop() {
      leave();
      if (jobs.size > 0 || watchesChanges()) return;
      session?.stop();
      session = undefined;
    }
    try {
      session ??= begin();
      return { ...(await session.join(isFresh)), lastRead: () => reads, [Symbol.dispose]: stop };
    } catch (error) {
      stop();
      throw error;
    }
  }

  return {
    watchJob: (jobId, listener) => watch(jobs, { name: jobId, isFresh: false }, listener),
    watchChanges(actor, listener) {
      if (actor.kind === 'portfolio-key') {
        return watch(portfolios, { name: actor.portfolioId, isFresh: true }, listener);
      }
      return watch(subjects, { name: subjectOf(actor), isFresh: true }, listener);
    },
  };
}

class Listeners<T> extends Map<string, Set<FeedListener<T>>> {
  /** Returns the function that removes the listener. */
  add(name: string, listener: FeedListener<T>): () => void {
    const all = this.get(name) ?? new Set();
    this.set(name, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0 && this.get(name) === all) this.delete(name);
    };
  }
}

/** Everybody who watches: jobs by their ids, changes by subject and by the portfolio of a key. */
function createAudience(log: Logger) {
  const jobs = new Listeners<JobStreamItem>();
  const subjects = new Listeners<Job>();
  const portfolios = new Listeners<Job>();
  let calls = 0;

  /** All get the same items, so that these are encoded once. */
  async function call<T>(listeners: Set<FeedListener<T>> | undefined, items: Tracked<T>[], read: number) {
    for (const listener of listeners ?? []) {
      try {
        listener(items, read);
      } catch (error) {
        log.error({ err: error }, 'a watcher of jobs failed');
      }
      if (++calls % callsPerTurn === 0) await nextTurn();
    }
  }

  return {
    jobs,
    subjects,
    portfolios,
    names: () => ({
      jobs: [...jobs.keys()],
      subjects: [...subjects.keys()],
      portfolios: [...portfolios.keys()],
    }),
    async tell({ events, changes, before, cursor, read }: Found) {
      for (const [jobId, ofJob] of Map.groupBy(events, (event) => event.jobId)) {
        await call(
          jobs.get(jobId),
          ofJob.map(({ item }) => item),
          read,
        );
      }
      const track = createTrack(before, cursor);
      for (const subject of new Set(changes.flatMap((change) => change.subjects))) {
        const own = changes.filter((change) => change.subjects.includes(subject));
        await call(subjects.get(subject), track(own), read);
      }
      for (const [portfolioId, own] of Map.groupBy(changes, (change) => change.portfolioId)) {
        await call(portfolios.get(portfolioId), track(own), read);
      }
    },
  };
}

/**
 * Makes items of the changed jobs that one read has found. Only the last of those that somebody gets carries the new
 * cursor: who has received a part of them gets all of them again.
 */
function createTrack(before: string, cursor: string) {
  const earlier = new Map<Job, Tracked<Job>>();
  const last = new Map<Job, Tracked<Job>>();
  return (changes: News['changes']) =>
    changes.map(({ job }, at) => {
      const [items, own] = at === changes.length - 1 ? [last, cursor] : [earlier, before];
      const item = items.get(job) ?? { cursor: own, data: job };
      items.set(job, item);
      return item;
    });
}
