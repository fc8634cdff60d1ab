import { z } from 'zod';
import { idOf } from '../ids.ts';
import { streamOperation } from '../operation.ts';
import { tenantOfJob } from '../tenancy.ts';
import { fetchEvents, fetchJob } from './internal.ts';
import { type Job, isFinal, jobStreamItemSchema } from './schemas.ts';

export const watchJob = streamOperation({
  name: 'job.events',
  summary:
    'Watch a job: a snapshot, then every event until it is done. Resumes after `lastEventId`, with a new snapshot ' +
    'if later events are no longer stored.',
  scope: 'job:read',
  public: false,
  input: z.strictObject({
    id: idOf('job'),
    lastEventId: z
      .string()
      .max(9)
      .regex(/^\d{1,9}$/, 'Expected the number of an event.')
      .optional()
      .describe('`seq` of the last event that was received.'),
  }),
  output: jobStreamItemSchema,
  tenant: tenantOfJob,
  async *run(ctx, { id, lastEventId }) {
    // Subscribes before it reads the events, so that none is missed in between.
    using hints = ctx.jobBus.subscribe((hint) => hint.jobId === id, ctx.signal);
    const job = await fetchJob(ctx, id);
    let seq = Math.min(Number(lastEventId ?? job.lastSeq), job.lastSeq);
    let { state } = job;
    if (lastEventId === undefined) yield snapshot(job);

    async function* newEvents() {
      const events = await fetchEvents(ctx.db, id, seq);
      const arePruned = events[0] ? events[0].seq > seq + 1 : seq < job.lastSeq;
      if (arePruned) {
        const present = await fetchJob(ctx, id);
        ({ lastSeq: seq, state } = present);
        yield snapshot(present);
        return;
      }
      for (const event of events) {
        ({ seq, state } = event);
        yield { cursor: String(seq), data: { type: 'event' as const, event } };
      }
    }

    yield* newEvents();
    if (isFinal(state)) return;
    for await (const _ of hints) {
      yield* newEvents();
      if (isFinal(state)) return;
    }
  },
});

const snapshot = (job: Job) => ({ cursor: String(job.lastSeq), data: { type: 'snapshot' as const, job } });
