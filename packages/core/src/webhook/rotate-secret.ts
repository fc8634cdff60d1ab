import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { expectedVersion } from '../version.ts';
import { fetchWebhook } from './internal.ts';
import { lockWebhook } from './lock.ts';
import { webhookRef, webhookWithSecretSchema } from './schemas.ts';
import { newSecret } from './secret.ts';
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
    await ctx.db
      .update(webhooks)
      .set({
        secret,
        previousSecret: sql`${webhooks.secret}`,
        previousSecretUntil: sql`now() + interval '1 day'`,
        version: nextVersion,
        updatedAt: sql`now()`,
      })
      .where(eq(webhooks.id, id));
    return { ...(await fetchWebhook(ctx, tenant, id)), secret };
  },
});
