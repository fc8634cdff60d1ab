import { z } from 'zod';
import { boundedString } from '../text.ts';
import type { Ctx, FeedPlace } from '../context.ts';
import { idOf } from '../ids.ts';
import { streamOperation } from '../operation.ts';
import type { OpenStream, Receiver, Tracked } from '../stream.ts';
import { tenantOfJob } from './access.ts';
import { fetchEvents, fetchJob } from './internal.ts';
import { eventItem } from './news.ts';
import { type Job, type JobStreamItem, isFinal, jobStreamItemSchema } from './schemas.ts';

export const watchJob = streamOperation({
  name: 'job.events',
  summary:
    'Watch a job: a snapshot, then every event until it is done. Resumes after `lastEventId`, with a new snapshot ' +
    'if later events are no longer stored.',
  scope: 'job:read',
  public: false,
  input: z.strictObject({
    id: idOf('job'),
    lastEventId: boundedString(9)
      .regex(/^\d{1,9}$/, 'Expected the number of an event.')
      .optional()
      .describe('`seq` of the last event that was received.'),
  }),
  output: jobStreamItemSchema,
  tenant: tenantOfJob,
  async open(ctx, { id, lastEventId }, _tenant, receiver) {
    const stream = new JobEvents(ctx, id, receiver);
    try {
      await stream.begin(lastEventId);
    } catch (error) {
      stream.close();
      throw error;
    }
    return stream;
  },
});

/** Passes on the events of the feed by their numbers. What is missing between two of them is read from the log. */
class JobEvents implements OpenStream {
  readonly #ctx: Pick<Ctx, 'db' | 'jobFeed'>;
  readonly #id: string;
  readonly #receiver: Receiver<JobStreamItem>;
  #place: FeedPlace | undefined;
  #isReading = true;
  #isOver = false;
  /** The number of the last event that was passed on, the state that it led to, and the highest known number. */
  #seq = 0;
  #state: Job['state'] = 'queued';
  #latest = 0;

  constructor(ctx: Pick<Ctx, 'db' | 'jobFeed'>, id: string, receiver: Receiver<JobStreamItem>) {
    this.#ctx = ctx;
    this.#id = id;
    this.#receiver = receiver;
  }

  async begin(lastEventId: string | undefined) {
    // Joins the feed before it reads the job, so that nothing is missed in between.
    const place = await this.#ctx.jobFeed.watchJob(this.#id, {
      items: (items) => this.#receive(items as readonly Tracked<JobStreamItem>[]),
      end: (error) => this.#place && this.#end(error),
    });
    this.#place = place;
    const job = await fetchJob(this.#ctx, this.#id);
    this.#latest = Math.max(this.#latest, job.lastSeq);
    this.#state = job.state;
    if (lastEventId === undefined) this.#pass(snapshot(job), job.lastSeq, job.state);
    else this.#seq = Math.min(Number(lastEventId), job.lastSeq);
    await this.#catchUp();
  }

  resume() {
    if (this.#isReading || this.#isOver || this.#seq >= this.#latest) return;
    this.#catchUp().catch((error: unknown) => this.#end(error));
  }

  close() {
    this.#isOver = true;
    this.#place?.[Symbol.dispose]();
  }

  #receive(items: readonly Tracked<JobStreamItem>[]) {
    this.#latest = Math.max(this.#latest, Number(items.at(-1)!.cursor));
    if (this.#isReading || this.#isOver) return;
    for (const item of items) {
      const seq = Number(item.cursor);
      if (seq <= this.#seq) continue;
      if (this.#receiver.isFull()) return;
      if (seq > this.#seq + 1 || item.data.type !== 'event') return this.resume();
      this.#pass(item, seq, item.data.event.state);
    }
    if (isFinal(this.#state)) this.#end();
  }

  /** Reads the log until nothing is missing; stops where the receiver is full, which then resumes. */
  async #catchUp() {
    this.#isReading = true;
    try {
      while (this.#seq < this.#latest && !this.#receiver.isFull() && !this.#isOver) await this.#readLog();
    } finally {
      this.#isReading = false;
    }
    if (this.#seq >= this.#latest && isFinal(this.#state)) this.#end();
  }

  async #readLog() {
    const events = await fetchEvents(this.#ctx.db, this.#id, this.#seq);
    if (this.#isOver) return;
    if (events[0]?.seq !== this.#seq + 1) {
      // They were pruned.
      const job = await fetchJob(this.#ctx, this.#id);
      this.#latest = Math.max(this.#latest, job.lastSeq);
      return this.#pass(snapshot(job), job.lastSeq, job.state);
    }
    for (const event of events) this.#pass(eventItem(event), event.seq, event.state);
  }

  #pass(item: Tracked<JobStreamItem>, seq: number, state: Job['state']) {
    if (this.#isOver) return;
    this.#seq = seq;
    this.#state = state;
    this.#receiver.item(item);
  }

  #end(error?: unknown) {
    if (this.#isOver) return;
    this.close();
    this.#receiver.end(error);
  }
}

const snapshot = (job: Job): Tracked<JobStreamItem> => ({
  cursor: String(job.lastSeq),
  data: { type: 'snapshot', job },
});
