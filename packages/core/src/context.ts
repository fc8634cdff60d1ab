import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { Readable } from 'node:stream';
import type { Actor } from './actor.ts';
import type { AuditDetails } from './audit-details.ts';
import type { AppError } from './errors.ts';
import type { Tracked } from './stream.ts';

/** A Drizzle client or one of its transactions; always passed as an argument. */
export type Db = PgDatabase<PostgresJsQueryResultHKT>;

/** The target of a multipart form upload: its URL and form fields. The `file` field must come last. */
export type UploadForm = { url: string; fields: Record<string, string> };

/** The object storage. Keys are made by the platform, never taken from a client. */
export type Bucket = {
  /** Stores the whole body, or nothing if it fails. With a file name, browsers download the object. */
  put(
    key: string,
    body: Readable | Uint8Array,
    about: { contentType: string; fileName?: string },
    signal?: AbortSignal,
  ): Promise<void>;
  /** The bytes, or null if the object does not exist. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | null>;
  /** As `get`, but streamed. The caller must read the whole stream or destroy it. */
  stream(key: string, signal?: AbortSignal): Promise<Readable | null>;
  /** Removes the object; does nothing if it does not exist. */
  remove(key: string): Promise<void>;
  /** Removes the object with all its versions, where the bucket has versions: nothing of it is left. */
  removeAllVersions(key: string): Promise<void>;
  /** A URL that downloads the object without credentials for `expiresInSeconds`, as `fileName` if given. */
  signedUrl(key: string, expiresInSeconds: number, fileName?: string): Promise<string>;
  /** A form that uploads an object of exactly this size, SHA-256 (hexadecimal) and type, valid until `expiresAt`. */
  signedForm(
    key: string,
    about: { contentType: string; sizeBytes: number; sha256: string },
    expiresAt: Date,
  ): Promise<UploadForm>;
};

/** Wakes a worker that has a free slot for a kind of job. If a wake-up is lost, workers find the job by their next sweep. */
export type WakeUps = { notify(kind: string): void };

/** Says that a job changed; the event log has the details. With `cancels`, the worker that runs the job must stop. */
export type JobHint = { jobId: string; portfolioId: string; cancels?: true | undefined };

/** Sends hints about jobs between processes. */
export type JobBus = {
  publish(hint: JobHint): void;
  /** Yields whenever a matching job may have changed since the call; ends when the signal is aborted. */
  subscribe(match: (hint: JobHint) => boolean, signal: AbortSignal): AsyncIterable<void> & Disposable;
};

/**
 * Reads the events of the jobs that anybody in this process watches, once for all of them. A listener gets every change
 * that commits after the promise has resolved, and may get some of before.
 */
export type JobFeed = {
  /** The events of a job (`JobStreamItem`), in order. */
  watchJob(jobId: string, listener: FeedListener): Promise<FeedPlace>;
  /** The changed jobs (`Job`) of the portfolios to which the actor belongs at the time of each change. */
  watchChanges(actor: Actor, listener: FeedListener): Promise<FeedPlace>;
};

export type FeedListener = {
  /** Gets the items that one read has found, and the number of that read. */
  items(items: readonly Tracked<unknown>[], read: number): void;
  /** Nothing that it has got so far is certain: it has to start anew. */
  end(error: AppError): void;
};

/** Where a listener has joined the feed; disposing of it ends the calls of the listener. */
export type FeedPlace = Disposable & {
  /** The transactions that the feed had seen when the listener joined: a `pg_snapshot` as text. */
  cursor: string;
  /** The number of the read that saw them. */
  read: number;
  /** The number of the last read that has begun. Later ones find nothing that was committed before this call. */
  lastRead(): number;
};

/**
 * Notifications that a portfolio's published content may have changed, or that of all portfolios if the slug is
 * undefined. `changed` notifies this process before the change is confirmed; Postgres notifies the others.
 */
export type Published = {
  changed(portfolio: string | undefined): void;
  onChange(listener: (portfolio: string | undefined) => void): void;
};

/**
 * Encrypts secrets that have to be stored. `place` names the table, the column and the row: a secret that is moved to
 * another place cannot be decrypted.
 */
export type Encryption = {
  encrypt(secret: string, place: string): Promise<string>;
  /** Rejects with `UnreadableSecret` if the key is missing or another one. */
  decrypt(stored: string, place: string): Promise<string>;
  /** The id of the key that encrypts. */
  currentKey(): Promise<string>;
};

/** Looks for malware. */
export type Scanner = {
  /**
   * Yields the chunks of a file as they come, and throws `InfectedFile` after the last one if it contains malware. Without a
   * verdict, it throws an outage.
   */
  pass(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
};
/** A limit on the calls of an actor, and what is left of it. */
export type LimitLeft = { policy: string; limit: number; remaining: number; resetSeconds: number };

/** The services of the API and the worker. `reader` serves analytical reads and may lag behind `db`. */
export type Services = {
  db: Db;
  reader: Db;
  bucket: Bucket;
  wakeUps: WakeUps;
  jobBus: JobBus;
  jobFeed: JobFeed;
  published: Published;
  encryption: Encryption;
  /** Null where no scanner is configured. */
  scanner: Scanner | null;
  /** What is left of the limits of a caller; missing where there are none. Counts nothing. */
  limitsOf?: ((actor: Actor) => readonly LimitLeft[]) | undefined;
};

/**
 * Where a call came from: the address of the client, the id by which the log names its request, and its place in a trace
 * (`traceparent`), which the jobs that it causes continue.
 */
export type Origin = { address: string | null; requestId: string | null; traceparent?: string | undefined };

/**
 * The context of an operation: the services, the caller, and the signal that aborts it. A change that is repeated with
 * the same `idempotencyKey` returns the stored result and does not run again.
 */
export type Ctx = Services & {
  actor: Actor;
  signal: AbortSignal;
  idempotencyKey?: string | undefined;
  origin?: Origin | undefined;
  /** Runs what must not happen before the change is stored, such as counting it; outside of a change, it is missing. */
  afterCommit?: ((run: () => void) => void) | undefined;
};

/** The context of a change. `noteDetails` adds to its entry in the audit log. */
export type ChangeCtx = Ctx & { noteDetails(details: AuditDetails): void };
