import { z } from 'zod';
import type { Ctx, Db, FeedPlace } from '../context.ts';
import type { AppError } from '../errors.ts';
import { newest } from '../ids.ts';
import { streamOperation } from '../operation.ts';
import type { OpenStream, Receiver, Tracked } from '../stream.ts';
import { readableJobs } from './access.ts';
import { changedJobs } from './changed.ts';
import { cursorSchema, isSnapshot } from './cursor.ts';
import { filterValues } from './filter.ts';
import { listAll } from './list.ts';
import { type Job, jobSchema } from './schemas.ts';
import { readEach, toJob } from './stored.ts';

const snapshotSize = 20;

export const watchJobs = streamOperation({
  name: 'job.changes',
  summary: "Watch the caller's jobs: the newest ones first, then each job whenever it changes.",
  scope: 'job:read',
  public: false,
  input: z.strictObject({
    lastEventId: cursorSchema.optional().describe('The cursor of the last job that was received.'),
  }),
  output: jobSchema,
  tenant: 'none',
  async open(ctx, { lastEventId }, _tenant, receiver) {
    const stream = new JobChanges(receiver);
    try {
      await stream.begin(ctx, lastEventId);
    } catch (error) {
      stream.close();
      throw error;
    }
    return stream;
  },
});

/** Passes on the changed jobs of the feed. Of what a full receiver has not taken, only the latest state is kept. */
class JobChanges implements OpenStream {
  readonly #receiver: Receiver<Job>;
  #place: FeedPlace | undefined;
  #isOver = false;
  /** What is to be passed on, by job; undefined where nothing waits. All waits until the first jobs are read. */
  #waiting: Map<string, Job> | undefined = new Map();
  #isReading = true;
  /** The numbers of the first jobs' events: reads that began before them may find the same once more. */
  #first: Map<string, number> | undefined;
  #lastEarlyRead = Infinity;
  /** The cursor of what was passed on, and the one of what waits. */
  #passed = 'start';
  #cursor = 'start';

  constructor(receiver: Receiver<Job>) {
    this.#receiver = receiver;
  }

  async begin(ctx: Ctx, lastEventId: string | undefined) {
    const place = await ctx.jobFeed.watchChanges(ctx.actor, {
      items: (items, read) => this.#receive(items as readonly Tracked<Job>[], read),
      end: (error) => this.#end(error),
    });
    this.#place = place;
    this.#cursor = place.cursor;
    const readable = await readableJobs(ctx);
    const isKnown = lastEventId !== undefined && isSnapshot(lastEventId);
    const changed = isKnown ? await changedJobs(ctx.db, readable, lastEventId) : null;
    if (changed !== null) this.#passed = lastEventId!;
    const first = changed ?? (await newestJobs(ctx.db, readable));
    this.#lastEarlyRead = place.lastRead();
    if (this.#lastEarlyRead > place.read) this.#first = new Map(first.map((job) => [job.id, job.lastSeq]));
    for (const job of first) this.#keep(job);
    this.#isReading = false;
    this.resume();
  }

  resume() {
    if (this.#waiting === undefined || this.#isReading || this.#isOver) return;
    for (const [id, job] of this.#waiting) {
      if (this.#receiver.isFull()) return;
      this.#waiting.delete(id);
      // Who has not received all of them gets all of them again.
      const cursor = this.#waiting.size === 0 ? this.#cursor : this.#passed;
      this.#receiver.item({ cursor, data: job });
    }
    this.#passed = this.#cursor;
    this.#waiting = undefined;
  }

  close() {
    this.#isOver = true;
    this.#place?.[Symbol.dispose]();
  }

  #end(error: AppError) {
    // What it finds after it has joined is new.
    if (this.#place === undefined || this.#isOver) return;
    this.close();
    this.#receiver.end(error);
  }

  #receive(items: readonly Tracked<Job>[], read: number) {
    // What was found before it joined is among the first jobs, or is not for this client.
    if (this.#place === undefined || read <= this.#place.read) return;
    if (read > this.#lastEarlyRead) this.#first = undefined;
    const isWaiting = this.#waiting !== undefined || this.#receiver.isFull();
    for (const item of items) {
      if (this.#isOver) return;
      if (this.#isKnown(item.data)) continue;
      if (isWaiting) this.#keep(item.data);
      else this.#receiver.item(item);
    }
    this.#cursor = items.at(-1)!.cursor;
    if (isWaiting) this.resume();
    else this.#passed = this.#cursor;
  }

  #keep(job: Job) {
    const waiting = (this.#waiting ??= new Map());
    const other = waiting.get(job.id);
    if (other && other.lastSeq >= job.lastSeq) return;
    // At the end, in the order of changes.
    waiting.delete(job.id);
    waiting.set(job.id, job);
  }

  #isKnown({ id, lastSeq }: Job): boolean {
    return lastSeq <= (this.#first?.get(id) ?? 0);
  }
}

/** The newest jobs of portfolios, the oldest of them first. */
async function newestJobs(db: Db, readable: Awaited<ReturnType<typeof readableJobs>>): Promise<Job[]> {
  const values = { portfolio: null, cursor: newest('job'), limit: snapshotSize, ...filterValues({}) };
  const rows = await listAll(db).execute({ ...readable, ...values });
  return readEach(rows, toJob).toReversed();
}
