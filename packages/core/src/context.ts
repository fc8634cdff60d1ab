import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { Readable } from 'node:stream';
import type { Actor } from './actor.ts';

/** A Drizzle client or a transaction of it: always passed, never ambient. */
export type Db = PgDatabase<PostgresJsQueryResultHKT>;

/** Where a browser or any client sends a file to: a form whose last field has to be the `file`. */
export type UploadForm = { url: string; fields: Record<string, string> };

/** The object store, as far as the domain needs it. Keys are the domain's own, never a client's. */
export type Bucket = {
  /** Stores all of the body, or nothing where it fails. With a file name, browsers save it and never show it. */
  put(
    key: string,
    body: Readable | Uint8Array,
    about: { contentType: string; fileName?: string },
    signal?: AbortSignal,
  ): Promise<void>;
  /** The bytes, or null if there is no such object. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | null>;
  /** As `get`, as they come: read them all, or destroy the stream. */
  stream(key: string, signal?: AbortSignal): Promise<Readable | null>;
  /** Harmless where there is no such object. */
  remove(key: string): Promise<void>;
  /** A URL that downloads the object without credentials for `expiresInSeconds`; saved as `fileName` if given. */
  signedUrl(key: string, expiresInSeconds: number, fileName?: string): Promise<string>;
  /** A form that stores an object of exactly this size, hash (hexadecimal SHA-256) and type, until `expiresAt`. */
  signedForm(
    key: string,
    about: { contentType: string; sizeBytes: number; sha256: string },
    expiresAt: Date,
  ): Promise<UploadForm>;
};

/** Has the outbox sent to the queue soon, in batches. A lost notification loses nothing: the sweep sends what is left. */
export type OutboxNotifier = { notify(): void };

/** News of a job. A hint only: what happened is in the event log. `cancels` is for the worker that runs the job. */
export type JobHint = { jobId: string; portfolioId: string; cancels?: true | undefined };

/** Hints about jobs, between processes. */
export type JobBus = {
  publish(hint: JobHint): void;
  /** Goes round whenever something may have happened since the call; ends with the signal. */
  subscribe(match: (hint: JobHint) => boolean, signal: AbortSignal): AsyncIterable<void> & Disposable;
};

/**
 * News that what strangers read of a portfolio may have changed, or of any if no slug is given: `changed` tells this
 * process at once, before its change is confirmed to anybody; other processes hear of it by themselves.
 */
export type Published = {
  changed(portfolio: string | undefined): void;
  onChange(listener: (portfolio: string | undefined) => void): void;
};

/** What both containers start from and share. `reader` serves analytical reads; it may lag behind `db`. */
export type Services = {
  db: Db;
  reader: Db;
  bucket: Bucket;
  outboxNotifier: OutboxNotifier;
  jobBus: JobBus;
  published: Published;
};

/**
 * Everything that an operation may use: the services, who asks, and when to give up. A change that comes again with
 * the same `idempotencyKey` is answered as before and not made twice.
 */
export type Ctx = Services & { actor: Actor; signal: AbortSignal; idempotencyKey?: string | undefined };
