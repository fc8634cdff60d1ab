import { and, eq, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { type Actor, actorName } from './actor.ts';
import { auditLog } from './audit/audit.sql.ts';
import type { Ctx, Db } from './context.ts';
import { AppError } from './errors.ts';
import { idempotencyKeys } from './idempotency.sql.ts';
import { newId } from './ids.ts';
import { announceChange } from './published.ts';
import { inBatches } from './batches.ts';

/** A change of an operation: who asked for it is in the context. */
export type Change<Prepared, Result> = {
  /** The operation, e.g. `caseStudy.publish`. */
  action: string;
  raw: object;
  tenant: { id: string; slug: string } | undefined;
  /** True where what strangers read may differ afterwards. */
  isShown: boolean;
  /** True where the answer holds a secret, which is shown once and kept nowhere. */
  holdsSecret: boolean;
  /** The portfolio that the change made or belongs to, where the operation works in none. */
  portfolioOf: ((result: Result) => string | null) | undefined;
  prepare(ctx: Ctx): Promise<Prepared>;
  run(ctx: Ctx, prepared: Prepared): Promise<Result>;
};

/**
 * Runs a change in one transaction with its audit row and, where the caller gave an idempotency key, its answer.
 * What tells others of it goes out after the commit. An error leaves nothing behind, and the key can be used again.
 */
export async function runChange<Prepared, Result>(
  ctx: Ctx,
  change: Change<Prepared, Result>,
): Promise<Result> {
  const request = requestOf(ctx, change);
  const stored = request && (await findAnswer(ctx.db, request));
  if (stored) return answerOf<Result>(stored);
  const prepared = await change.prepare(ctx);

  const shown = change.isShown ? change.tenant?.slug : undefined;
  const afterCommit: (() => void)[] = [];
  const result = await ctx.db.transaction(async (tx) => {
    const earlier = request && (await findAnswerAlone(tx, request));
    if (earlier) return answerOf<Result>(earlier);
    const made = await change.run(withinTransaction(ctx, tx, afterCommit), prepared);
    await writeAudit(tx, ctx.actor, change, made);
    if (request) await keepAnswer(tx, request, change.holdsSecret ? null : { result: made });
    if (shown !== undefined) await announceChange(tx, shown);
    return made;
  });
  if (shown !== undefined) ctx.published.changed(shown);
  for (const tell of afterCommit) tell();
  return result;
}

/** The context of a change: its queries are of the transaction, its rings and hints wait for the commit. */
function withinTransaction(ctx: Ctx, tx: Db, afterCommit: (() => void)[]): Ctx {
  return {
    ...ctx,
    db: tx,
    outboxNotifier: { notify: () => void afterCommit.push(() => ctx.outboxNotifier.notify()) },
    jobBus: { ...ctx.jobBus, publish: (hint) => void afterCommit.push(() => ctx.jobBus.publish(hint)) },
  };
}

async function writeAudit<Result>(
  tx: Db,
  actor: Actor,
  { action, raw, tenant, portfolioOf }: Omit<Change<never, Result>, 'prepare' | 'run'>,
  result: Result,
) {
  const fields = Object.keys(raw).filter((field) => field !== 'portfolio');
  await tx.insert(auditLog).values({
    id: newId('audit'),
    portfolioId: tenant?.id ?? portfolioOf?.(result) ?? null,
    actor: actorName(actor),
    action,
    target: targetOf(raw) ?? targetOf(result),
    fields,
  });
}

/** What a change was done to, as its input or its answer names it. */
function targetOf(thing: unknown): string | null {
  if (typeof thing !== 'object' || thing === null) return null;
  const { slug, key, id, subject } = thing as Record<string, unknown>;
  const name = slug ?? key ?? id ?? subject;
  return typeof name === 'string' ? name : null;
}

/** How long a request may be repeated. */
const keptHours = 24;

/** Forgets answers that nobody may ask for again; resolves to how many. */
export function deleteExpiredAnswers(db: Db, signal: AbortSignal): Promise<number> {
  return inBatches(1000, signal, async (size) => {
    const forgotten = await db.execute(sql`
      delete from ${idempotencyKeys} where ctid = any(array(
        select ctid from ${idempotencyKeys}
        where created_at < now() - make_interval(hours => ${keptHours})
        order by created_at limit ${size} for update skip locked))`);
    return forgotten.count;
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

/** As `findAnswer`, but refuses when another request with the same key is being worked on. */
async function findAnswerAlone(tx: Db, request: KeyedRequest): Promise<Answer | undefined> {
  const lock = JSON.stringify([request.principal, request.operation, request.key]);
  const [row] = await tx.execute<{ alone: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${lock}, 0)) as alone`,
  );
  if (!row?.alone) {
    throw new AppError(
      'idempotency_key_in_use',
      'A request with this idempotency key is still being worked on; repeat this one a little later.',
    );
  }
  return findAnswer(tx, request);
}

async function findAnswer(db: Db, request: KeyedRequest): Promise<Answer | undefined> {
  const [found] = await db
    .select({ requestHash: idempotencyKeys.requestHash, response: idempotencyKeys.response })
    .from(idempotencyKeys)
    .where(
      and(
        eq(idempotencyKeys.principal, request.principal),
        eq(idempotencyKeys.operation, request.operation),
        eq(idempotencyKeys.key, request.key),
      ),
    );
  if (found && found.requestHash !== request.requestHash) {
    throw new AppError(
      'idempotency_key_reused',
      'This idempotency key came with another request before; use a new key for each request.',
    );
  }
  return found;
}

function answerOf<Result>({ response }: Answer): Result {
  if (response === null) {
    throw new AppError(
      'conflict',
      'This request was carried out before; its answer held a secret, which is shown only once.',
    );
  }
  return (response as { result: Result }).result;
}

/** `response` is null for an answer that is kept nowhere; an answer that is null itself is in it like any other. */
async function keepAnswer(tx: Db, request: KeyedRequest, response: { result: unknown } | null) {
  await tx.insert(idempotencyKeys).values({ ...request, response });
}
