import { and, eq, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { type Actor, actorName } from './actor.ts';
import { auditLog } from './audit/audit.sql.ts';
import type { Ctx, Db } from './context.ts';
import { AppError } from './errors.ts';
import { idempotencyKeys } from './idempotency.sql.ts';
import { newId } from './ids.ts';
import { prepared } from './sql.ts';
import { announceChange } from './published.ts';
import { inBatches } from './batches.ts';

/** One run of a mutation; the context has its actor. */
export type Change<Prepared, Result> = {
  /** The operation, e.g. `caseStudy.publish`. */
  action: string;
  raw: object;
  tenant: { id: string; slug: string } | undefined;
  /** True where anonymous readers may see the effect. */
  isShown: boolean;
  /** True where the result contains a secret, which is returned once and never stored. */
  holdsSecret: boolean;
  /** The ids of the portfolios that the change created or belongs to, where the operation has no tenant. */
  portfoliosOf: ((result: Result) => string[]) | undefined;
  prepare(ctx: Ctx): Promise<Prepared>;
  run(ctx: Ctx, prepared: Prepared): Promise<Result>;
};

/**
 * Runs a change in one transaction with its audit row and, where the caller sent an idempotency key, its result.
 * Notifications are sent after the commit. An error rolls everything back, and the key can be used again.
 */
export async function runChange<Prepared, Result>(
  ctx: Ctx,
  change: Change<Prepared, Result>,
): Promise<Result> {
  const request = requestOf(ctx, change);
  const stored = request && (await findAnswer(ctx.db, request));
  if (stored) return answerOf<Result>(stored);
  const before = await change.prepare(ctx);

  const shown = change.isShown ? change.tenant?.slug : undefined;
  const afterCommit: (() => void)[] = [];
  const result = await ctx.db.transaction(async (tx) => {
    const earlier = request && (await findAnswerExclusively(tx, request));
    if (earlier) return answerOf<Result>(earlier);
    const made = await change.run(withinTransaction(ctx, tx, afterCommit), before);
    // Sent together: the connection keeps their order.
    await Promise.all([
      writeAudit(tx, ctx.actor, change, made),
      request && storeAnswer(tx, request, change.holdsSecret ? null : { result: made }),
    ]);
    if (shown !== undefined) await announceChange(tx, shown);
    return made;
  });
  if (shown !== undefined) ctx.published.changed(shown);
  for (const notify of afterCommit) notify();
  return result;
}

/** The context of a change: queries run in the transaction; notifications and job hints wait for the commit. */
function withinTransaction(ctx: Ctx, tx: Db, afterCommit: (() => void)[]): Ctx {
  return {
    ...ctx,
    db: tx,
    wakeUps: { notify: (kind) => void afterCommit.push(() => ctx.wakeUps.notify(kind)) },
    jobBus: { ...ctx.jobBus, publish: (hint) => void afterCommit.push(() => ctx.jobBus.publish(hint)) },
  };
}

/** Records what an actor has done that is no change of a portfolio, such as reading what is not its own. */
export const recordAction = (
  { db, actor }: Pick<Ctx, 'db' | 'actor'>,
  action: { action: string; raw: object; tenant?: { id: string } | undefined },
): Promise<void> =>
  writeAudit(db, actor, { tenant: undefined, ...action, portfoliosOf: undefined }, undefined);

async function writeAudit<Result>(
  tx: Db,
  actor: Actor,
  {
    action,
    raw,
    tenant,
    portfoliosOf,
  }: Pick<Change<never, Result>, 'action' | 'raw' | 'portfoliosOf'> & { tenant: { id: string } | undefined },
  result: Result,
) {
  const fields = Object.keys(raw).filter((field) => field !== 'portfolio');
  const row = {
    actor: actorName(actor),
    credential: (actor.kind !== 'anonymous' && actor.credential?.id) || null,
    action,
    target: targetOf(raw) ?? targetOf(result),
    fields,
  };
  const concerned = tenant ? [tenant.id] : (portfoliosOf?.(result) ?? []);
  const logs = concerned.length === 0 ? [null] : concerned;
  await Promise.all(
    logs.map((portfolioId) => insertAudit(tx).execute({ ...row, id: newId('audit'), portfolioId })),
  );
}

const { placeholder } = sql;

const insertAudit = prepared((db) =>
  db
    .insert(auditLog)
    .values({
      id: placeholder('id'),
      portfolioId: placeholder('portfolioId'),
      actor: placeholder('actor'),
      credential: placeholder('credential'),
      action: placeholder('action'),
      target: placeholder('target'),
      fields: placeholder('fields'),
    })
    .prepare('audit_insert'),
);

/** The name of the changed resource in the input or the result of a change. */
function targetOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const { slug, key, id, subject } = value as Record<string, unknown>;
  const name = slug ?? key ?? id ?? subject;
  return typeof name === 'string' ? name : null;
}

/** How long a request can be repeated with its key. */
const retentionHours = 24;

/** Deletes the stored answers that are older than 24 hours. Resolves to their number. */
export function deleteExpiredAnswers(db: Db, signal: AbortSignal): Promise<number> {
  return inBatches(1000, signal, async (size) => {
    const deleted = await db.execute(sql`
      delete from ${idempotencyKeys} where ctid = any(array(
        select ctid from ${idempotencyKeys}
        where created_at < now() - make_interval(hours => ${retentionHours})
        order by created_at limit ${size} for update skip locked))`);
    return deleted.count;
  });
}

type KeyedRequest = { principal: string; operation: string; key: string; requestHash: string };
type Answer = { requestHash: string; response: unknown };

function requestOf(
  { actor, idempotencyKey }: Ctx,
  { action, raw }: { action: string; raw: object },
): KeyedRequest | undefined {
  if (idempotencyKey === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    throw new AppError(
      'malformed_request',
      'Expected an idempotency key of 1 to 255 visible ASCII characters, such as a UUID.',
    );
  }
  const requestHash = createHash('sha256').update(JSON.stringify(raw)).digest('hex');
  return {
    principal: `${actor.kind}:${actorName(actor)}`,
    operation: action,
    key: idempotencyKey,
    requestHash,
  };
}

/** As `findAnswer`; throws `idempotency_key_in_use` while another request with the same key is in progress. */
async function findAnswerExclusively(tx: Db, request: KeyedRequest): Promise<Answer | undefined> {
  const lock = JSON.stringify([request.principal, request.operation, request.key]);
  // Sent together, run one after the other: what is found was committed before the lock was taken.
  const [[row], found] = await Promise.all([
    lockKey(tx).execute({ lock }),
    storedAnswer(tx).execute(request),
  ]);
  if (!row?.isLocked) {
    throw new AppError(
      'idempotency_key_in_use',
      'A request with this idempotency key is still in progress. Retry in a few seconds.',
    );
  }
  return checkedAnswer(found, request);
}

const lockKey = prepared((db) =>
  db
    .select({
      isLocked: sql<boolean>`pg_try_advisory_xact_lock(hashtextextended(${placeholder('lock')}::text, 0))`,
    })
    .from(sql`(select) as one`)
    .prepare('idempotency_lock'),
);

const storedAnswer = prepared((db) =>
  db
    .select({ requestHash: idempotencyKeys.requestHash, response: idempotencyKeys.response })
    .from(idempotencyKeys)
    .where(
      and(
        eq(idempotencyKeys.principal, placeholder('principal')),
        eq(idempotencyKeys.operation, placeholder('operation')),
        eq(idempotencyKeys.key, placeholder('key')),
      ),
    )
    .prepare('idempotency_answer'),
);

const findAnswer = async (db: Db, request: KeyedRequest) =>
  checkedAnswer(await storedAnswer(db).execute(request), request);

function checkedAnswer([found]: Answer[], request: KeyedRequest): Answer | undefined {
  if (found && found.requestHash !== request.requestHash) {
    throw new AppError(
      'idempotency_key_reused',
      'This idempotency key was already used with a different request. Use a new key for each request.',
    );
  }
  return found;
}

function answerOf<Result>({ response }: Answer): Result {
  if (response === null) {
    throw new AppError(
      'conflict',
      'This request was already processed. Its response contained a secret, which is shown only once.',
    );
  }
  return (response as { result: Result }).result;
}

/** `response` is null for a result that must not be stored. A result that is null itself is stored as any other. */
async function storeAnswer(tx: Db, request: KeyedRequest, response: { result: unknown } | null) {
  await insertAnswer(tx).execute({ ...request, response: response && JSON.stringify(response) });
}

const insertAnswer = prepared((db) =>
  db
    .insert(idempotencyKeys)
    .values({
      principal: placeholder('principal'),
      operation: placeholder('operation'),
      key: placeholder('key'),
      requestHash: placeholder('requestHash'),
      response: sql`${placeholder('response')}::jsonb`,
    })
    .prepare('idempotency_insert'),
);
