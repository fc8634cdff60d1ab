import { type AnyInstrument, counter, gauge, histogram, hotHistogram, total } from './instrument.ts';

/**
 * Every series that API and worker have, beside those of Prometheus itself. `docs/telemetry.md` lists them; dashboards, rules
 * and tests refer to them by this module. Adding a series is adding it here.
 */

const api = ['api'] as const;
const worker = ['worker'] as const;
const both = ['api', 'worker'] as const;

const kinds = ['export.pdf', 'evidence.sync', 'metrics.report', 'webhook.deliver'] as const;
const ofKind = { 'job.kind': kinds };
const none = {};

/** The conventional bounds, with one at 0.4 s: the objective of requests. */
const requestSeconds = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;
const shortSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;
const jobSeconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600] as const;
const streamSeconds = [1, 10, 60, 300, 900, 3600, 14_400, 86_400] as const;

export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
/** Methods that clients may use; any other is `_OTHER`. */
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', '_OTHER'] as const;

const transports = ['sse', 'trpc', 'websocket'] as const;
const jobOutcomes = ['succeeded', 'failed', 'cancelled', 'retrying', 'postponed', 'discarded'] as const;
export type JobOutcome = (typeof jobOutcomes)[number];

/** Requests and streams of the API. */
export const http = {
  requests: hotHistogram({
    name: 'http.server.request.duration',
    unit: 's',
    description:
      'How long requests took, from their headers to the end of the response. Streams are not among them.',
    programs: api,
    labels: {
      'http.request.method': methods,
      // What is not a route is `_OTHER`.
      'http.route': { most: 300, of: 'routes of the API' },
      'http.response.status_class': statusClasses,
    },
    buckets: requestSeconds,
  }),
  active: gauge({
    name: 'http.server.active_requests',
    unit: '{request}',
    description: 'Requests whose body has arrived and whose response has not begun.',
    programs: api,
    labels: none,
  }),
  shed: total({
    name: 'portfolio.http.shed',
    unit: '{request}',
    description: 'Requests that were refused because the process was saturated.',
    programs: api,
    labels: none,
  }),
  /** One operation, whatever its interface; cached reads run none. */
  operations: histogram({
    name: 'portfolio.operation.duration',
    unit: 's',
    description: 'How long operations ran over any interface; reads that a cache answers run none.',
    programs: api,
    labels: {
      operation: { most: 300, of: 'operations' },
      outcome: ['ok', 'refused', 'aborted', 'unavailable', 'internal'],
    },
    buckets: [0.01, 0.05, 0.1, 0.4, 1, 5],
  }),
};

/** What clients follow: events of jobs over SSE, tRPC over HTTP, and WebSocket. */
export const streams = {
  open: gauge({
    name: 'portfolio.stream.open',
    unit: '{stream}',
    description: 'Streams that clients follow now. Over WebSocket, each subscription is one.',
    programs: api,
    labels: { transport: transports },
  }),
  durations: histogram({
    name: 'portfolio.stream.duration',
    unit: 's',
    description: 'How long streams were followed that have ended.',
    programs: api,
    labels: { transport: transports },
    buckets: streamSeconds,
  }),
  sockets: gauge({
    name: 'portfolio.websocket.open',
    unit: '{connection}',
    description: 'Open WebSocket connections.',
    programs: api,
    labels: none,
  }),
  /** From the commit of a change to the moment at which it was written to the watchers of this process. */
  freshness: histogram({
    name: 'portfolio.stream.delay',
    unit: 's',
    description:
      'The age of events of jobs when they were sent to those who watch them, by the clock of the database.',
    programs: api,
    labels: none,
    buckets: shortSeconds,
  }),
};

/** Who is refused at the door. */
export const access = {
  failures: counter({
    name: 'portfolio.authentication.failures',
    unit: '{request}',
    description:
      'Requests with a credential that is not valid, or with a session from the page of another origin.',
    programs: api,
    labels: { reason: ['key', 'token', 'session', 'origin'] },
  }),
  limited: counter({
    name: 'portfolio.rate_limit.refusals',
    unit: '{request}',
    description:
      'Requests, connections and streams that were refused because a limit was used up; calls over WebSocket count as requests.',
    programs: api,
    labels: { policy: ['credential', 'portfolio', 'address', 'failed-authentication', 'connections'] },
  }),
};

/** The cache of published reads. */
export const cache = {
  reads: total({
    name: 'portfolio.cache.reads',
    unit: '{read}',
    description:
      'Published reads by where the answer came from: memory, the shared cache, the database, or an older answer while the database was unavailable.',
    programs: api,
    labels: { result: ['memory', 'shared', 'database', 'outdated'] },
  }),
  bytes: gauge({
    name: 'portfolio.cache.size',
    unit: 'By',
    description: 'The size of the answers in memory.',
    programs: api,
    labels: none,
  }),
};

/** Jobs, from their acceptance to their end. */
export const jobs = {
  accepted: counter({
    name: 'portfolio.job.accepted',
    unit: '{job}',
    description: 'Jobs that were stored, also by the schedule and for webhooks.',
    programs: both,
    labels: ofKind,
  }),
  started: counter({
    name: 'portfolio.job.started',
    unit: '{attempt}',
    description: 'Attempts that began.',
    programs: worker,
    labels: ofKind,
  }),
  ended: counter({
    name: 'portfolio.job.ended',
    unit: '{attempt}',
    description:
      'Attempts that ended. A job that is retried or postponed runs again; a discarded attempt had lost its lease.',
    programs: worker,
    labels: { ...ofKind, outcome: jobOutcomes },
  }),
  /** The end of a job, and not of an attempt. */
  reaped: counter({
    name: 'portfolio.job.reaped',
    unit: '{job}',
    description: 'Jobs that were taken back from a worker that was lost: to run again, dead, or cancelled.',
    programs: worker,
    labels: { ...ofKind, outcome: ['queued', 'dead', 'cancelled'] },
  }),
  waits: histogram({
    name: 'portfolio.job.wait.duration',
    unit: 's',
    description:
      'How long an attempt waited from when it was due to its start, by the clock of the database.',
    programs: worker,
    labels: ofKind,
    buckets: jobSeconds,
  }),
  runs: histogram({
    name: 'portfolio.job.run.duration',
    unit: 's',
    description: 'How long attempts ran.',
    programs: worker,
    labels: { ...ofKind, outcome: jobOutcomes },
    buckets: jobSeconds,
  }),
  claims: counter({
    name: 'portfolio.job.claims',
    unit: '{claim}',
    description:
      'Claims of due jobs: with jobs; without, since none was due, or since others had locked them; or failed.',
    programs: worker,
    labels: { result: ['claimed', 'empty', 'contended', 'failed'] },
  }),
  slots: gauge({
    name: 'portfolio.job.slots',
    unit: '{slot}',
    description: 'Slots of this worker, which is how many jobs of a kind it can run at a time.',
    programs: worker,
    labels: { ...ofKind, state: ['free', 'taken'] },
  }),
  backlog: gauge({
    name: 'portfolio.job.backlog',
    unit: '{job}',
    description:
      'Unfinished jobs of all portfolios: due, waiting for something else than a worker, or running. Each process of the API reports the same.',
    programs: api,
    labels: { ...ofKind, state: ['due', 'waiting', 'running'] },
  }),
  oldest: gauge({
    name: 'portfolio.job.oldest_wait',
    unit: 's',
    description:
      'For how long the oldest due job could have run; 0 if none is due. Each process of the API reports the same.',
    programs: api,
    labels: ofKind,
  }),
  workersNeeded: gauge({
    name: 'portfolio.job.workers_needed',
    unit: '{worker}',
    description: 'How many workers could be busy with what is due and running.',
    programs: api,
    labels: none,
  }),
  wakeUps: counter({
    name: 'portfolio.job.wake_ups',
    unit: '{message}',
    description: 'Messages that wake a worker: sent, failed to be sent, or received.',
    programs: both,
    labels: { ...ofKind, result: ['sent', 'failed', 'received'] },
  }),
  deadLetters: counter({
    name: 'portfolio.job.dead_letters',
    unit: '{message}',
    description: 'Messages that were removed from the dead-letter queue.',
    programs: worker,
    labels: none,
  }),
  sweeps: counter({
    name: 'portfolio.job.sweep_steps',
    unit: '{step}',
    description: 'Steps of the sweep, which repairs and advances the pipeline.',
    programs: worker,
    labels: { step: ['reap', 'enqueue', 'webhooks', 'dead_letters'], outcome: ['ok', 'failed'] },
  }),
};

/** Events of changes that are stored and not yet made into deliveries. */
export const outbox = {
  events: gauge({
    name: 'portfolio.outbox.events',
    unit: '{event}',
    description:
      'Events for webhooks that are stored and have no deliveries yet. Each process of the API reports the same.',
    programs: api,
    labels: none,
  }),
  oldest: gauge({
    name: 'portfolio.outbox.oldest_age',
    unit: 's',
    description:
      'The age of the oldest of these events; 0 if there is none. Each process of the API reports the same.',
    programs: api,
    labels: none,
  }),
};

/** Scheduled tasks. */
export const schedule = {
  runs: histogram({
    name: 'portfolio.schedule.run.duration',
    unit: 's',
    description: 'How long runs of scheduled tasks took.',
    programs: worker,
    labels: {
      task: { most: 50, of: 'scheduled tasks' },
      outcome: ['done', 'failed', 'released', 'lost'],
    },
    buckets: [0.01, 0.1, 1, 10, 60, 300, 600],
  }),
};

export const webhooks = {
  deliveries: histogram({
    name: 'portfolio.webhook.delivery.duration',
    unit: 's',
    description:
      'How long requests to webhooks took: accepted by the receiver, refused by it, or without a response.',
    programs: worker,
    labels: { outcome: ['delivered', 'refused', 'unreachable'] },
    buckets: requestSeconds,
  }),
};

/** What the platform proves. */
export const provenance = {
  syncs: counter({
    name: 'portfolio.evidence.syncs',
    unit: '{attempt}',
    description: 'Attempts to sync evidence from its source, by what they found.',
    programs: worker,
    labels: { outcome: ['changed', 'unchanged', 'missing', 'quarantined', 'failed'] },
  }),
  evidence: gauge({
    name: 'portfolio.evidence.assets',
    unit: '{asset}',
    description:
      'Evidence of all portfolios by its standing. Counted every five minutes by one worker, which reports it a little longer: take the largest.',
    programs: worker,
    labels: { standing: ['fresh', 'stale', 'broken', 'missing'] },
  }),
  overdue: gauge({
    name: 'portfolio.evidence.sync_overdue',
    unit: 's',
    description:
      'For how long the sync of evidence that is most overdue has been due; 0 if none is. Counted as the above.',
    programs: worker,
    labels: none,
  }),
  claims: gauge({
    name: 'portfolio.claims',
    unit: '{claim}',
    description: 'Claims of published case studies by their standing. Counted as evidence is.',
    programs: worker,
    labels: { standing: ['backed', 'stale', 'broken', 'unbacked'] },
  }),
};

export const pdf = {
  pages: histogram({
    name: 'portfolio.pdf.pages',
    unit: '{page}',
    description: 'The pages of PDFs of case studies and portfolios.',
    programs: worker,
    labels: none,
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  }),
  memory: histogram({
    name: 'portfolio.pdf.memory',
    unit: 'By',
    description: 'The largest heap of the rendering thread that was seen during a PDF.',
    programs: worker,
    labels: none,
    buckets: [16, 32, 64, 128, 192, 256, 384, 512].map((megabytes) => megabytes * 1024 * 1024),
  }),
  phases: histogram({
    name: 'portfolio.pdf.phase.duration',
    unit: 's',
    description:
      'How long the phases of an export took: reading the content, laying out the pages, and storing what was not stored meanwhile.',
    programs: worker,
    labels: { phase: ['read', 'layout', 'store'] },
    buckets: jobSeconds,
  }),
};

/** Pools of connections to Postgres: of the API and the worker, of the worker's pipeline, and of the analytical reads. */
const pools = ['main', 'pipeline', 'reader'] as const;
export type PoolName = (typeof pools)[number];
const ofPool = { 'db.client.connection.pool.name': pools };
const guarded = ['postgres.main', 'postgres.pipeline', 'postgres.reader', 'sqs', 's3', 'cache'] as const;
export type Dependency = (typeof guarded)[number];

/** Dependencies of the process. */
export const dependencies = {
  breakers: gauge({
    name: 'portfolio.breaker.open',
    unit: '1',
    description:
      '1 from when the circuit breaker of a dependency opens until a call succeeds again, else 0. Meanwhile calls are refused.',
    programs: both,
    labels: { dependency: guarded },
  }),
  hosts: gauge({
    name: 'portfolio.breaker.hosts_open',
    unit: '{host}',
    description:
      'Hosts of evidence and webhooks whose circuit breaker has opened, and of which no call has succeeded since.',
    programs: worker,
    labels: none,
  }),
  pools: gauge({
    // As earlier conventions called it: in Prometheus, `_count` is of histograms only.
    name: 'db.client.connections.usage',
    unit: '{connection}',
    description: 'Connections to Postgres.',
    programs: both,
    labels: { ...ofPool, 'db.client.connection.state': ['used', 'idle'] },
  }),
  poolSizes: gauge({
    name: 'db.client.connection.max',
    unit: '{connection}',
    description: 'How many connections a pool may have.',
    programs: both,
    labels: ofPool,
  }),
  pending: gauge({
    name: 'db.client.connection.pending_requests',
    unit: '{request}',
    description: 'Queries and transactions that have no connection of their own yet.',
    programs: both,
    labels: ofPool,
  }),
  queries: hotHistogram({
    name: 'db.client.operation.duration',
    unit: 's',
    description:
      'How long queries and transactions took, with the wait for a connection. A transaction that its own code has rolled back has not failed.',
    programs: both,
    labels: { ...ofPool, outcome: ['ok', 'failed'] },
    buckets: shortSeconds,
  }),
  aws: histogram({
    name: 'rpc.client.call.duration',
    unit: 's',
    description:
      'How long requests to S3 and SQS took, each attempt for itself; a receive waits up to 20 s for a message. An object that does not exist is no failure.',
    programs: both,
    labels: { 'rpc.method': { most: 30, of: 'commands of S3 and SQS' }, outcome: ['ok', 'failed'] },
    buckets: requestSeconds,
  }),
};

/** The process itself. */
export const runtime = {
  delays: gauge({
    name: 'nodejs.eventloop.delay',
    unit: 's',
    description: 'The delay of the event loop since the collection before.',
    programs: both,
    labels: { statistic: ['p50', 'p90', 'p99', 'max'] },
  }),
  utilization: gauge({
    name: 'nodejs.eventloop.utilization',
    unit: '1',
    description: 'The share of time in which the event loop was busy since the collection before.',
    programs: both,
    labels: none,
  }),
  collections: histogram({
    name: 'v8js.gc.duration',
    unit: 's',
    description: 'How long garbage collections took.',
    programs: both,
    labels: { 'v8js.gc.type': ['major', 'minor', 'incremental', 'weakcb'] },
    buckets: [0.001, 0.01, 0.1, 1],
  }),
  heap: gauge({
    name: 'v8js.memory.heap.used',
    unit: 'By',
    description: 'The used memory of the heap.',
    programs: both,
    labels: { 'v8js.heap.space.name': { most: 20, of: 'spaces of the heap' } },
  }),
  heapLimit: gauge({
    name: 'v8js.memory.heap.limit',
    unit: 'By',
    description: 'The size beyond which the heap cannot grow.',
    programs: both,
    labels: none,
  }),
  memory: gauge({
    name: 'process.memory.usage',
    unit: 'By',
    description: 'The resident memory of the process, with its threads.',
    programs: both,
    labels: none,
  }),
  processor: total({
    name: 'process.cpu.time',
    unit: 's',
    description: 'The processor time of the process, with its threads.',
    programs: both,
    labels: { 'cpu.mode': ['user', 'system'] },
  }),
  uptime: gauge({
    name: 'process.uptime',
    unit: 's',
    description: 'For how long the process has run.',
    programs: both,
    labels: none,
  }),
};

/** All instruments by what they are about, in the order of the documentation. */
export const instruments: Readonly<Record<string, Readonly<Record<string, AnyInstrument>>>> = {
  Requests: http,
  Streams: streams,
  'Refused callers': access,
  'Published reads': cache,
  Jobs: jobs,
  'Events for webhooks': outbox,
  'Scheduled tasks': schedule,
  'Deliveries to webhooks': webhooks,
  'Evidence and claims': provenance,
  PDF: pdf,
  Dependencies: dependencies,
  'The process': runtime,
};

export const contract: readonly AnyInstrument[] = Object.values(instruments).flatMap(
  Object.values<AnyInstrument>,
);
