import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor, Role } from '../actor.ts';
import type { FeedListener } from '../context.ts';
import type { AppError } from '../errors.ts';
import type { Logger } from '../runtime/log.ts';
import type { Tracked } from '../stream.ts';
import { scopesIn } from '../tenancy.ts';
import { mayUse } from './access.ts';
import type { News, Watched } from './news.ts';
import type { Job } from './schemas.ts';

/** How many listeners are called before other work of the process has its turn: less than a millisecond. */
const callsPerTurn = 25;

/** What one read has found since the cursor `before`, its number, and when it was received by the clock of the process. */
export type Found = News & { before: string; read: number; receivedAt: number };

/** A listener to the changes of all jobs that its actor may read. Those with the same `kinds` see the same. */
export type Watcher = FeedListener & { actor: Actor; kinds: string };

/** The listeners of each name. */
export class Listeners<Listener extends FeedListener> extends Map<string, Set<Listener>> {
  /** Returns the function that removes the listener. */
  add(name: string, listener: Listener): () => void {
    const all = this.get(name) ?? new Set();
    this.set(name, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0 && this.get(name) === all) this.delete(name);
    };
  }
}

/** A changed job, for somebody with this role, whose tokens have to be issued after `tokensNotBefore`. */
type Change = { job: Job; role: Role | null; tokensNotBefore: string | null };

/** When the token was issued that an actor has, or that made its key; later than any time if it was no token. */
const tokenTime = (actor: Actor) =>
  (actor.kind === 'user' ? actor.credential?.tokenIssuedAt?.getTime() : undefined) ?? Infinity;

/** Everybody who watches: jobs by their ids, changes by the person and by the portfolio of a key. */
export class Audience {
  readonly jobs = new Listeners<FeedListener>();
  readonly people = new Listeners<Watcher>();
  readonly portfolios = new Listeners<Watcher>();
  readonly #log: Logger;
  #calls = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  isEmpty = () => this.jobs.size + this.people.size + this.portfolios.size === 0;
  /** True if a change of the job may concern anybody. Whose changes it is, only the database knows. */
  isWatched = (jobId: string) => this.jobs.has(jobId) || this.people.size + this.portfolios.size > 0;
  names = (): Watched => ({
    jobs: [...this.jobs.keys()],
    people: [...this.people.keys()],
    portfolios: [...this.portfolios.keys()],
  });

  /** All who watch the same get the same items, so that these are encoded once. */
  async tell({ events, changes, before, cursor, read }: Found) {
    for (const [jobId, ofJob] of Map.groupBy(events, (event) => event.jobId)) {
      const items = ofJob.map(({ item }) => item);
      await this.#call(this.jobs.get(jobId), (listener) => listener.items(items, read));
    }
    const track = createTrack(before, cursor);
    const ofPeople = changes.flatMap(({ watchers, job }) =>
      watchers.map((membership) => ({ ...membership, job })),
    );
    for (const [personId, own] of Map.groupBy(ofPeople, (change) => change.personId)) {
      await this.#tellOf(own, this.people.get(personId), { track, read });
    }
    const ofPortfolios = changes.map((change) => ({ ...change, role: null, tokensNotBefore: null }));
    for (const [portfolioId, own] of Map.groupBy(ofPortfolios, (change) => change.portfolioId)) {
      await this.#tellOf(own, this.portfolios.get(portfolioId), { track, read });
    }
  }

  /** Tells watchers of those changes that they may see, by their roles and by the scopes of their credentials. */
  async #tellOf(
    changes: Change[],
    watchers: Set<Watcher> | undefined,
    { track, read }: { track: ReturnType<typeof createTrack>; read: number },
  ) {
    const byToken = changes.some(({ tokensNotBefore }) => tokensNotBefore !== null);
    const groupOf = ({ kinds, actor }: Watcher) => (byToken ? `${kinds} ${tokenTime(actor)}` : kinds);
    for (const alike of Map.groupBy(watchers ?? [], groupOf).values()) {
      const { actor } = alike[0]!;
      const shown = changes.filter(
        ({ job, role, tokensNotBefore }) =>
          (tokensNotBefore === null || tokenTime(actor) > Date.parse(tokensNotBefore)) &&
          mayUse(job.kind, 'read', scopesIn(actor, role)),
      );
      if (shown.length === 0) continue;
      const items = track(shown);
      await this.#call(alike, (listener) => watchers!.has(listener) && listener.items(items, read));
    }
  }

  async end(error: AppError) {
    for (const listeners of [this.jobs, this.people, this.portfolios]) {
      for (const ofName of listeners.values()) await this.#call(ofName, (listener) => listener.end(error));
    }
  }

  async #call<Listener>(listeners: Iterable<Listener> | undefined, call: (listener: Listener) => void) {
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
 * Makes items of the changed jobs that one read has found. Only the last of those that somebody gets carries the new
 * cursor: who has received a part of them gets all of them again.
 */
function createTrack(before: string, cursor: string) {
  const earlier = new Map<Job, Tracked<Job>>();
  const last = new Map<Job, Tracked<Job>>();
  return (changes: { job: Job }[]) =>
    changes.map(({ job }, at) => {
      const [items, own] = at === changes.length - 1 ? [last, cursor] : [earlier, before];
      const item = items.get(job) ?? { cursor: own, data: job };
      items.set(job, item);
      return item;
    });
}
