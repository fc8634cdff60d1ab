import { type SQL, and, eq, isNull, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { auditLog, type auditSeals } from './audit.sql.ts';

/** A hash chain: that of a portfolio, or null for that of changes outside of portfolios. */
export type Chain = string | null;

/** The name of a chain in heads. */
export const nameOf = (chain: Chain) => chain ?? 'platform';

/** How somebody outside notes the newest seal of a chain. */
export const headOf = (chain: Chain, { number, hash }: { number: number; hash: string }) =>
  `${nameOf(chain)}:${number}:${hash}`;

/** A time as Postgres stores it, to the microsecond. */
export const exact = (column: SQL | typeof auditLog.at) =>
  sql<string>`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** What the digest of an entry covers: everything but its address, which can be erased, and the number of its seal. */
export const sealedColumns = {
  id: auditLog.id,
  portfolioId: auditLog.portfolioId,
  at: exact(auditLog.at),
  actor: auditLog.actor,
  credential: auditLog.credential,
  requestId: auditLog.requestId,
  action: auditLog.action,
  target: auditLog.target,
  fields: auditLog.fields,
  details: auditLog.details,
};
export type SealedEntry = {
  id: string;
  portfolioId: Chain;
  at: string;
  actor: string;
  credential: string | null;
  requestId: string | null;
  action: string;
  target: string | null;
  fields: string[];
  details: unknown;
};

/** A seal without its hash, with its time as `exact` gives it. */
export type Seal = {
  portfolioId: Chain;
  number: number;
  ids: string[];
  digests: string[];
  previous: string;
  sealedAt: string;
};

export const ofChain = (table: typeof auditLog | typeof auditSeals, chain: Chain) =>
  chain === null ? isNull(table.portfolioId) : eq(table.portfolioId, chain);

export const isUnsealed = (chain: Chain) => and(ofChain(auditLog, chain), isNull(auditLog.sealedIn));

/** Computed here and not in the database, whose owner could replace the function as well as the rows. */
export const digestOf = (entry: SealedEntry) =>
  hashOf([
    'entry 1',
    entry.id,
    entry.portfolioId,
    entry.at,
    entry.actor,
    entry.credential,
    entry.requestId,
    entry.action,
    entry.target,
    entry.fields,
    ordered(entry.details),
  ]);

export const hashOfSeal = (seal: Seal) =>
  hashOf(['seal 1', seal.portfolioId, seal.number, seal.previous, seal.sealedAt, seal.ids, seal.digests]);

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** The same value with the names of its objects in order: Postgres stores them in one of its own. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, ordered(field)]);
}
