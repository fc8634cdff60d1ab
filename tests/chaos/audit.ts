import { createHash } from 'node:crypto';
import type postgres from 'postgres';
import type { Watched } from './watcher.ts';

/** A job that the API has accepted, with the times of the request and of the response (`performance.now()`). */
export type Accepted = { id: string; askedAt: number; answeredAt: number };

type ReadFile = (key: string) => Promise<Uint8Array | null>;

type JobRow = {
  id: string;
  kind: string;
  group: string;
  state: string;
  lastSeq: number;
  leased: boolean;
  result: { key?: string; sha256?: string } | null;
};
/**
 * An event with its time, and its position in the order in which transactions wrote. The time is that when a transaction
 * began, which may be before the end of another one whose changes it sees.
 */
type EventRow = {
  jobId: string;
  seq: number;
  state: string;
  attempt: number;
  atMicros: number;
  position: number;
};

const final = ['succeeded', 'failed', 'cancelled', 'dead'];
/** The allowed states after each state; the first event of a job has no previous state. */
const moves: Record<string, string[]> = {
  '': ['queued'],
  queued: ['queued', 'running', 'cancelled'],
  running: ['running', 'queued', ...final],
  failed: ['queued'],
  cancelled: ['queued'],
  dead: ['queued'],
};

/** How many broken promises are reported of one kind. */
const shown = 5;

/**
 * Checks the promises of the pipeline against the database and the bucket, once all jobs have ended. Resolves to the
 * broken promises, one per line.
 */
export async function audit(
  { sql, readFile }: { sql: postgres.Sql; readFile: ReadFile },
  accepted: Accepted[],
  watched: Watched[],
): Promise<string[]> {
  const ids = accepted.map(({ id }) => id);
  const jobs = await sql<JobRow[]>`
    select id, kind, group_key as group, state, last_seq as "lastSeq", lease_token is not null as leased, result
    from jobs where id = any(${ids}) order by id`;
  const eventsOf = await readEvents(sql, ids);
  const [queue] = await sql<[{ rows: number }]>`select count(*)::int as rows from job_queue`;
  const findings = [
    ...missing(jobs, accepted),
    ...jobs.filter(({ state }) => !final.includes(state)).map(({ id, state }) => `${id} is still ${state}`),
    ...jobs.filter(({ leased }) => leased).map(({ id }) => `${id} still has a lease`),
    ...(queue.rows > 0 ? [`the queue of due jobs still has ${queue.rows} rows`] : []),
    ...jobs.flatMap((job) => brokenChain(job, eventsOf.get(job.id) ?? [])),
    ...(await brokenResults(jobs, readFile)),
    ...brokenOrder(jobs, eventsOf, accepted),
    ...watched.flatMap((one) => missedBy(one, eventsOf.get(one.jobId) ?? [])),
  ];
  return findings.length > shown * 4
    ? [...findings.slice(0, shown * 4), `and ${findings.length - shown * 4} more`]
    : findings;
}

/** The events of jobs in their order, by the ids of the jobs. */
export async function readEvents(sql: postgres.Sql, ids: string[]): Promise<Map<string, EventRow[]>> {
  const events = await sql<EventRow[]>`
    select job_id as "jobId", seq, state, attempt, (extract(epoch from at) * 1000000)::float8 as "atMicros",
      -- Events of the previous release, before its database was migrated, precede all others.
      coalesce(xid::text::float8, extract(epoch from at)::float8 - 1e12) as position
    from job_events where job_id = any(${ids}) order by job_id, seq`;
  return Map.groupBy(events, ({ jobId }) => jobId);
}

function missing(jobs: JobRow[], accepted: Accepted[]): string[] {
  const known = new Set(jobs.map(({ id }) => id));
  return accepted.filter(({ id }) => !known.has(id)).map(({ id }) => `${id} was accepted and is lost`);
}

/** Events are numbered from 1 without a gap, make allowed transitions, and end in the state of the job. */
function brokenChain({ id, state, lastSeq, kind }: JobRow, events: EventRow[]): string[] {
  const findings: string[] = [];
  let last = { state: '', attempt: 0 };
  let successes = 0;
  for (const [index, event] of events.entries()) {
    if (event.seq !== index + 1)
      findings.push(`${id} (${kind}) has event ${event.seq} where ${index + 1} belongs`);
    if (!moves[last.state]?.includes(event.state)) {
      findings.push(`${id} went from ${last.state || 'nothing'} to ${event.state} in event ${event.seq}`);
    }
    const starts = last.state === 'queued' && event.state === 'running';
    if (event.attempt !== last.attempt + (starts ? 1 : 0)) {
      findings.push(`${id} counts attempt ${event.attempt} after ${last.attempt} in event ${event.seq}`);
    }
    if (event.state === 'succeeded') successes++;
    last = event;
  }
  if (last.state !== state) findings.push(`${id} is ${state}, but its last event says ${last.state}`);
  if (events.length !== lastSeq) findings.push(`${id} has ${events.length} events, but counts ${lastSeq}`);
  if (successes > 1) findings.push(`${id} took effect ${successes} times`);
  return findings;
}

/** Every job that succeeded has its own, complete file. */
async function brokenResults(jobs: JobRow[], readFile: ReadFile): Promise<string[]> {
  const findings: string[] = [];
  const owners = new Map<string, string>();
  const left = [...jobs];
  async function check({ id, state, result }: JobRow) {
    if (state !== 'succeeded' && result) findings.push(`${id} is ${state} and shows a result`);
    if (state === 'succeeded' && !result) findings.push(`${id} succeeded without a result`);
    if (state !== 'succeeded' || !result?.key) return;
    const other = owners.get(result.key);
    if (other) findings.push(`${id} refers to the file of ${other}`);
    owners.set(result.key, id);
    const file = await readFile(result.key);
    if (!file) findings.push(`${id} refers to a file that does not exist`);
    else if (createHash('sha256').update(file).digest('hex') !== result.sha256) {
      findings.push(`${id} refers to a file with another hash than its result`);
    }
  }
  async function checkAll() {
    for (let job = left.pop(); job; job = left.pop()) await check(job);
  }
  await Promise.all(Array.from({ length: 8 }, checkAll));
  return findings;
}

/** Jobs of one group never run concurrently, and each ends before a job that was accepted later starts. */
function brokenOrder(jobs: JobRow[], eventsOf: Map<string, EventRow[]>, accepted: Accepted[]): string[] {
  const asked = new Map(accepted.map((one) => [one.id, one]));
  return [...Map.groupBy(jobs, ({ group }) => group)].flatMap(([group, members]) => {
    const runs = members
      .flatMap(({ id }) => runsOf(eventsOf.get(id) ?? [], ({ position }) => position))
      .toSorted((one, other) => one.from - other.from);
    const overlaps = runs.flatMap((run, index) => {
      const next = runs[index + 1];
      if (!next || next.from >= run.until) return [];
      const [one, other] = [run, next].map(({ id }) => `${id} (${timesOf(eventsOf.get(id) ?? [])})`);
      return [`${one} and ${other} ran concurrently in ${group}`];
    });
    const overtakes = members.flatMap(({ id }) => {
      const first = asked.get(id);
      const ended = eventsOf.get(id)?.at(-1)?.position ?? Number.NEGATIVE_INFINITY;
      const later = members.filter(
        ({ id: other }) => first && first.answeredAt < (asked.get(other)?.askedAt ?? 0),
      );
      const early = later.find(({ id: other }) => firstStart(eventsOf.get(other) ?? []) < ended);
      return early ? [`${early.id} started before ${id}, accepted earlier in ${group}, had ended`] : [];
    });
    return [...overlaps, ...overtakes];
  });
}

/** The changes of a job's state with their times within the hour, for a person who looks for the cause. */
const timesOf = (events: EventRow[]) =>
  events
    .filter(({ state }, index) => state !== events[index - 1]?.state)
    .map(
      ({ seq, state, atMicros }) =>
        `${seq} ${state} ${new Date(atMicros / 1000).toISOString().slice(14, 23)}`,
    )
    .join(', ');

const firstStart = (events: EventRow[]) =>
  events.find(({ state }) => state === 'running')?.position ?? Number.POSITIVE_INFINITY;

/** When a job ran, attempt by attempt: by the clock of the database, unless said otherwise. */
export function runsOf(events: EventRow[], when = ({ atMicros }: EventRow) => atMicros) {
  const runs: { id: string; from: number; until: number }[] = [];
  let from: number | undefined;
  for (const event of events) {
    if (event.state === 'running') from ??= when(event);
    else if (from !== undefined) {
      runs.push({ id: event.jobId, from, until: when(event) });
      from = undefined;
    }
  }
  return runs;
}

/** A client that followed a job from its beginning to its end got every event once and in order. */
function missedBy({ jobId, by, seqs, isDone, error }: Watched, events: EventRow[]): string[] {
  const last = events[seqs.length - 1];
  const isEnd = isDone && last !== undefined && final.includes(last.state);
  if (isEnd && seqs.every((seq, index) => seq === events[index]?.seq)) return [];
  const expected = events.map(({ seq }) => seq).join();
  const end = error === undefined ? ' without an end' : ` and the error "${error}"`;
  return [`${jobId} was followed by ${by}: got the events ${seqs.join()}${isDone ? '' : end} of ${expected}`];
}
