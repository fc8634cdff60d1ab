import type { Db } from '@portfolio/core/context';
import { type Backlog, readBacklog } from '@portfolio/core/job/backlog';
import { jobKindSchema } from '@portfolio/core/job/kinds';
import { jobs, outbox } from '@portfolio/core/telemetry/contract';
import { readWaitingEvents } from '@portfolio/core/webhook/waiting-events';

/** What is read is reported for so long, also that it could not be read. */
const keptMilliseconds = 10_000;
/** Those who collect do not wait for longer. */
const timeoutMilliseconds = 2000;

const kinds = jobKindSchema.options;
const states = ['due', 'waiting', 'running'] as const;

/**
 * Reports the unfinished jobs and the waiting events of the database as it is asked for them. While the database does not
 * answer, there are no such series.
 */
export function observeBacklog(db: Db): () => void {
  const backlog = keep(() => readBacklog(db));
  const events = keep(() => readWaitingEvents(db));
  const ofEach = async (valueOf: (of: Backlog['kinds'][(typeof kinds)[number]]) => number) => {
    const read = await backlog();
    return kinds.map((kind) => ({ value: valueOf(read.kinds[kind]), labels: { 'job.kind': kind } }));
  };
  const ends = [
    jobs.backlog.observe(async () => {
      const read = await backlog();
      return kinds.flatMap((kind) =>
        states.map((state) => ({ value: read.kinds[kind][state], labels: { 'job.kind': kind, state } })),
      );
    }),
    jobs.oldest.observe(() => ofEach(({ oldestSeconds }) => oldestSeconds)),
    jobs.workersNeeded.observe(async () => [{ value: (await backlog()).workers, labels: {} }]),
    outbox.events.observe(async () => [{ value: (await events()).events, labels: {} }]),
    outbox.oldest.observe(async () => [{ value: (await events()).oldestSeconds, labels: {} }]),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Reads at most once in the time for which it is kept. */
function keep<T>(read: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | undefined;
  let until = -Infinity;
  return () => {
    if (kept && performance.now() < until) return kept;
    until = performance.now() + keptMilliseconds;
    kept = inTime(read());
    // Whoever asks is told. Nobody may be asking any more.
    kept.catch(() => {});
    return kept;
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error('The database did not answer in time.')),
    timeoutMilliseconds,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
