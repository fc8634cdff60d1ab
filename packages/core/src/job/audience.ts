import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor } from '../actor.ts';
import type { FeedListener } from '../context.ts';
import type { AppError } from '../errors.ts';
import type { Logger } from '../runtime/log.ts';
import type { Tracked } from '../stream.ts';
import type { News, Watched } from './news.ts';
import type { Job } from './schemas.ts';

/** How many listeners are called before other work of the process has its turn: less than a millisecond. */
const callsPerTurn = 25;

/** What one read has found since the cursor `before`, and its number. */
export type Found = News & { before: string; read: number };

/** The listeners of each name, and for whom they listen. */
export class Listeners extends Map<string, Map<FeedListener, Actor | undefined>> {
  /** Returns the function that removes the listener. */
  add(name: string, listener: FeedListener, actor?: Actor): () => void {
    const all = this.get(name) ?? new Map<FeedListener, Actor | undefined>();
    this.set(name, all.set(listener, actor));
    return () => {
      all.delete(listener);
      if (all.size === 0 && this.get(name) === all) this.delete(name);
    };
  }
}

/** Everybody who watches: jobs by their ids, changes by the subject and by the portfolio of a key. */
export class Audience {
  readonly jobs = new Listeners();
  readonly subjects = new Listeners();
  readonly portfolios = new Listeners();
  readonly #log: Logger;
  #calls = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  isEmpty = () => this.jobs.size + this.subjects.size + this.portfolios.size === 0;
  /** True if a change of the job may concern anybody. Whose changes it is, only the database knows. */
  isWatched = (jobId: string) => this.jobs.has(jobId) || this.subjects.size + this.portfolios.size > 0;
  names = (): Watched => ({
    jobs: [...this.jobs.keys()],
    subjects: [...this.subjects.keys()],
    portfolios: [...this.portfolios.keys()],
  });

  /** All who watch the same get the same items, so that these are encoded once. */
  async tell({ events, changes, before, cursor, read }: Found) {
    for (const [jobId, ofJob] of Map.groupBy(events, (event) => event.jobId)) {
      const items = ofJob.map(({ item }) => item);
      await this.#call(this.jobs.get(jobId)?.keys(), (listener) => listener.items(items, read));
    }
    const track = createTrack(before, cursor);
    for (const subject of new Set(changes.flatMap((change) => change.subjects))) {
      const own = changes.filter((change) => change.subjects.includes(subject));
      for (const [seen, listeners] of audiencesOf(own, subject, this.subjects.get(subject))) {
        const items = track(seen);
        await this.#call(listeners, (listener) => listener.items(items, read));
      }
    }
    for (const [portfolioId, own] of Map.groupBy(changes, (change) => change.portfolioId)) {
      const items = track(own);
      await this.#call(this.portfolios.get(portfolioId)?.keys(), (listener) => listener.items(items, read));
    }
  }

  async end(error: AppError) {
    for (const listeners of [this.jobs, this.subjects, this.portfolios]) {
      for (const ofName of listeners.values())
        await this.#call(ofName.keys(), (listener) => listener.end(error));
    }
  }

  async #call(listeners: Iterable<FeedListener> | undefined, call: (listener: FeedListener) => void) {
    for (const listener of listeners ?? []) {
      try {
        call(listener);
      } catch (error) {
        this.#log.error({ err: error }, 'a watcher of jobs failed');
      }
      this.#calls += 1;
      if (this.#calls % callsPerTurn === 0) await nextTurn();
    }
  }
}

/**
 * The listeners of a subject by what they see of its changes: all of them, but where tokens were revoked, each only those
 * of the portfolios in which its token, or the one that made its key, still acts.
 */
function audiencesOf(
  changes: News['changes'],
  subject: string,
  listeners: ReadonlyMap<FeedListener, Actor | undefined> = new Map(),
): [News['changes'], Iterable<FeedListener>][] {
  if (changes.every(({ tokensNotBefore }) => tokensNotBefore?.[subject] === undefined))
    return [[changes, listeners.keys()]];
  const each = [...listeners].map(([listener, actor]): [News['changes'], FeedListener[]] => [
    changes.filter(({ tokensNotBefore }) => isGood(actor, tokensNotBefore?.[subject])),
    [listener],
  ]);
  return each.filter(([seen]) => seen.length > 0);
}

function isGood(actor: Actor | undefined, notBefore: string | undefined): boolean {
  const issuedAt = actor?.kind === 'user' ? actor.credential?.tokenIssuedAt : undefined;
  return !issuedAt || notBefore === undefined || issuedAt > new Date(notBefore);
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
