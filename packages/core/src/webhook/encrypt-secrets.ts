import { and, asc, eq, gt, isNotNull, isNull, or, sql } from 'drizzle-orm';
import type { Db, Encryption } from '../context.ts';
import { UnreadableSecret } from '../runtime/encryption.ts';
import type { Logger } from '../runtime/log.ts';
import { encryptSecrets, readSecrets, storedSecretColumns } from './stored-secrets.ts';
import { webhooks } from './webhook.sql.ts';

const batchSize = 100;

const { encryptedSecret, encryptedPreviousSecret } = webhooks;
const keyOf = (column: typeof encryptedSecret | typeof encryptedPreviousSecret) =>
  sql<string | null>`split_part(${column}, ':', 3)`;

/**
 * Encrypts the secrets of webhooks with the current key that are in plain text or under another key, and removes previous
 * ones that have expired. Resolves to the number of webhooks. Workers may do so concurrently.
 */
export async function encryptWebhookSecrets(
  { db, encryption, log }: { db: Db; encryption: Encryption; log: Logger },
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for (let after: string | undefined = ''; after !== undefined;) {
    signal.throwIfAborted();
    const batch = await encryptBatch({ db, encryption, log }, after);
    count += batch.count;
    after = batch.last;
  }
  const current = await encryption.currentKey();
  const byKey = await countSecrets(db);
  const others = Object.keys(byKey).filter((key) => key !== current);
  // Also if there was nothing to do: operators read here when an old key can be removed.
  if (others.length > 0) log.warn({ current, byKey }, 'secrets of webhooks are stored under other keys');
  else log.info({ current, byKey }, 'all secrets of webhooks are stored under the current key');
  return count;
}

/** Encrypts one batch, after an id; `last` is missing if it was the last one. Those that cannot be read stay as they are. */
async function encryptBatch(
  { db, encryption, log }: { db: Db; encryption: Encryption; log: Logger },
  after: string,
) {
  const current = await encryption.currentKey();
  return db.transaction(async (tx) => {
    const found = await tx
      .select(storedSecretColumns)
      .from(webhooks)
      .where(and(gt(webhooks.id, after), isDue(current)))
      .orderBy(asc(webhooks.id))
      .limit(batchSize)
      .for('update', { skipLocked: true });
    let count = 0;
    for (const stored of found) {
      const secrets = await readSecrets(encryption, stored).catch((error: unknown) => {
        if (!(error instanceof UnreadableSecret)) throw error;
        log.error({ err: error, webhook: stored.id }, 'the secret of a webhook cannot be decrypted');
        return null;
      });
      if (secrets === null) continue;
      const columns = await encryptSecrets(encryption, stored.id, secrets);
      await tx.update(webhooks).set(columns).where(eq(webhooks.id, stored.id));
      count += 1;
    }
    return { count, last: found.length < batchSize ? undefined : found.at(-1)!.id };
  });
}

const isDue = (current: string) =>
  or(
    isNotNull(webhooks.secret),
    isNotNull(webhooks.previousSecret),
    sql`${keyOf(encryptedSecret)} <> ${current}`,
    sql`${keyOf(encryptedPreviousSecret)} <> ${current}`,
    and(isNotNull(encryptedPreviousSecret), sql`${webhooks.previousSecretUntil} <= now()`),
  );

/** The number of stored secrets by the key under which they are; `plain text` for those that are not encrypted. */
async function countSecrets(db: Db): Promise<Record<string, number>> {
  const rows = await db.execute<{ key: string; count: number }>(sql`
    select key, count(*)::int as count from ${webhooks}, lateral (values
      (case when secret is not null then 'plain text' else ${keyOf(encryptedSecret)} end),
      (case when previous_secret is not null then 'plain text' else ${keyOf(encryptedPreviousSecret)} end)
    ) as stored (key) where key is not null group by key order by key`);
  return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
}

/**
 * Checks that the keys decrypt what is stored, by one secret for each key. Rejects with an error for operators that says
 * what is wrong with ENCRYPTION_KEYS.
 */
export async function checkWebhookSecrets(db: Db, encryption: Encryption): Promise<void> {
  const { secret, signsWithPrevious } = storedSecretColumns;
  const encrypted = and(isNull(secret), isNotNull(encryptedSecret));
  const currentOnes = db
    .selectDistinctOn([keyOf(encryptedSecret)], storedSecretColumns)
    .from(webhooks)
    .where(encrypted);
  const previousOnes = db
    .selectDistinctOn([keyOf(encryptedPreviousSecret)], storedSecretColumns)
    .from(webhooks)
    .where(and(encrypted, isNotNull(encryptedPreviousSecret), signsWithPrevious));
  for (const row of [...(await currentOnes), ...(await previousOnes)]) await readSecrets(encryption, row);
}
