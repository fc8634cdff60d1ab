import { type SQL, and, eq, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { actorName } from './actor.ts';
import type { AuditDetails } from './audit-details.ts';
import { auditLog } from './audit/audit.sql.ts';
import type { ChangeCtx, Ctx, Db } from './context.ts';
import { AppError } from './errors.ts';
import { idempotencyKeys } from './idempotency.sql.ts';
import { newId } from './ids.ts';
import { portfolios } from './portfolio/portfolio.sql.ts';
import { iso, prepared } from './sql.ts';
import { webhookEvents, webhooks } from './webhook/webhook.sql.ts';
import { announceChange } from './published.ts';
import { inBatches } from './batches.ts';
import { traceparentOf } from './telemetry/trace.ts';

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
  /** True where the actor is erased, whose address is not noted then. */
  erasesActor: boolean;
  prepare(ctx: Ctx): Promise<Prepared>;
  run(ctx: ChangeCtx, prepared: Prepared): Promise<Result>;
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
    const details: AuditDetails = {};
    const noteDetails = (noted: AuditDetails) => void Object.assign(details, noted);
    const made = await change.run({ ...withinTransaction(ctx, tx, afterCommit), noteDetails }, before);
    // Sent together: the connection keeps their order.
    await Promise.all([
      writeAudit(tx, ctx, change, { made, details }),
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
    afterCommit: (run) => void afterCommit.push(run),
    wakeUps: { notify: (kind) => void afterCommit.push(() => ctx.wakeUps.notify(kind)) },
    jobBus: { ...ctx.jobBus, publish: (hint) => void afterCommit.push(() => ctx.jobBus.publish(hint)) },
  };
}

/** Records what an actor has done that is no change of a portfolio, such as reading what is not its own. */
export const recordAction = (
  ctx: Pick<Ctx, 'db' | 'actor' | 'origin'>,
  {
    details = {},
    ...action
  }: { action: string; raw: object; tenant?: { id: string } | undefined; details?: AuditDetails },
): Promise<void> =>
  writeAudit(
    ctx.db,
    ctx,
    { tenant: undefined, ...action, portfoliosOf: undefined, erasesActor: false },
    { made: undefined, details },
  );

type Recorded<Result> = Pick<Change<never, Result>, 'action' | 'raw' | 'portfoliosOf' | 'erasesActor'> & {
  tenant: { id: string } | undefined;
};

async function writeAudit<Result>(
  tx: Db,
  { actor, origin }: Pick<Ctx, 'actor' | 'origin'>,
  { action, raw, tenant, portfoliosOf, erasesActor }: Recorded<Result>,
  { made, details }: { made: Result; details: AuditDetails },
) {
  const row = {
    actor: actorName(actor),
    credential: (actor.kind !== 'anonymous' && actor.credential?.id) || null,
    address: erasesActor ? null : (origin?.address ?? null),
    requestId: origin?.requestId ?? null,
    action,
    target: targetOf(raw) ?? targetOf(made),
    fields: Object.keys(raw).filter((field) => field !== 'portfolio'),
    details: Object.keys(details).length === 0 ? null : details,
    traceparent: traceparentOf(origin?.traceparent),
  };
  const concerned = tenant ? [tenant.id] : (portfoliosOf?.(made) ?? []);
  const logs = concerned.length === 0 ? [null] : concerned;
  await Promise.all(
    logs.map((portfolioId) => insertAudit(tx).execute({ ...row, id: newId('audit'), portfolioId })),
  );
}

const { placeholder } = sql;

/** The columns of an entry that a change gives. */
const written = {
  id: auditLog.id,
  portfolioId: auditLog.portfolioId,
  actor: auditLog.actor,
  credential: auditLog.credential,
  address: auditLog.address,
  requestId: auditLog.requestId,
  action: auditLog.action,
  target: auditLog.target,
  fields: auditLog.fields,
  details: auditLog.details,
};

const joined = (parts: SQL[]) => sql.join(parts, sql`, `);

/** What the message `audit.recorded` says. It names the actor by its id alone: a message cannot be erased everywhere. */
const message = joined(
  (
    [
      ['id', sql`entry.id`],
      ['at', iso(sql`entry.at`)],
      ['actor', sql`entry.actor`],
      ['credential', sql`entry.credential`],
      ['address', sql`entry.address`],
      ['requestId', sql`entry.request_id`],
      ['action', sql`entry.action`],
      ['target', sql`entry.target`],
      ['fields', sql`entry.fields`],
      ['details', sql`entry.details`],
    ] as const
  ).flatMap(([name, value]) => [sql.raw(`'${name}'`), value]),
);

/** Writes an entry, and an event where a webhook of the portfolio wants it: in one statement, for one round trip. */
const insertAudit = prepared((db) => {
  const columns = Object.values(written).map(({ name }) => sql.identifier(name));
  const values = Object.entries(written).map(
    ([name, column]) => sql`${sql.param(placeholder(name), column)}`,
  );
  const entry = db.$with('entry', { id: auditLog.id }).as(sql`
    insert into ${auditLog} (${joined(columns.map((name) => sql`${name}`))}) values (${joined(values)})
    returning *`);
  const event = db.$with('event', {}).as(sql`
    insert into ${webhookEvents} (portfolio_id, type, data, traceparent)
    select entry.portfolio_id, 'audit.recorded', jsonb_build_object('portfolio', p.slug, ${message}),
      ${placeholder('traceparent')}::text
    from entry join ${portfolios} p on p.id = entry.portfolio_id
    where exists (
      select from ${webhooks} w
      where w.portfolio_id = entry.portfolio_id and w.enabled and 'audit.recorded' = any(w.events))`);
  return db
    .with(entry, event)
    .select({ id: sql`id` })
    .from(entry)
    .prepare('audit_insert');
});

/** The name of the changed resource in the input or the result of a change. */
function targetOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const { slug, key, member, id } = value as Record<string, unknown>;
  const name = slug ?? key ?? member ?? id;
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
      'This request was already processed. Its response is not stored: it contained a secret, which is shown only once, or something that was deleted since.',
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
