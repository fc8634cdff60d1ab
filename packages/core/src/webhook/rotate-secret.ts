import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { operation } from '../operation.ts';
import { UnreadableSecret } from '../runtime/encryption.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { expectedVersion } from '../version.ts';
import { fetchWebhook } from './internal.ts';
import { lockWebhook } from './lock.ts';
import { webhookRef, webhookWithSecretSchema } from './schemas.ts';
import { newSecret } from './secret.ts';
import { encryptSecrets, readSecrets, storedSecretColumns } from './stored-secrets.ts';
import { webhooks } from './webhook.sql.ts';

export const rotateWebhookSecret = operation({
  name: 'webhook.rotateSecret',
  kind: 'mutation',
  summary:
    'Give a webhook a new secret, which is shown only once. For a day, messages are also signed with the old one.',
  scope: 'webhook:write',
  shows: ['webhook:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject({ ...webhookRef, ...expectedVersion }),
  output: webhookWithSecretSchema,
  tenant: tenantBySlug,
  holdsSecret: true,
  async run(ctx, { id, expectedVersion: expected }, tenant) {
    await lockWebhook(ctx.db, tenant, id, expected);
    const secret = newSecret();
    const previousSecret = await currentSecret(ctx, id);
    await ctx.db
      .update(webhooks)
      .set({
        ...(await encryptSecrets(ctx.encryption, id, { secret, previousSecret })),
        previousSecretUntil: sql`now() + interval '1 day'`,
        version: nextVersion,
        updatedAt: sql`now()`,
      })
      .where(eq(webhooks.id, id));
    return { ...(await fetchWebhook(ctx, tenant, id)), secret };
  },
});

/** Null if it cannot be decrypted: a new one is then what helps, and nothing was signed with the old one any more. */
async function currentSecret({ db, encryption }: Ctx, id: string): Promise<string | null> {
  const [stored] = await db.select(storedSecretColumns).from(webhooks).where(eq(webhooks.id, id));
  try {
    const { secret } = await readSecrets(encryption, { ...stored!, signsWithPrevious: false });
    return secret;
  } catch (error) {
    if (error instanceof UnreadableSecret) return null;
    throw error;
  }
}
