import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { type Tenant, requireAlso, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { scopesOfEvents } from './event-scopes.ts';
import { fetchWebhook } from './internal.ts';
import { webhookFields, webhookWithSecretSchema } from './schemas.ts';
import { newSecret } from './secret.ts';
import { encryptSecrets } from './stored-secrets.ts';
import { webhooks } from './webhook.sql.ts';

/** The limit of a portfolio: every event causes a delivery to each of its webhooks. */
const maxWebhooks = 20;

export const createWebhook = operation({
  name: 'webhook.create',
  kind: 'mutation',
  summary:
    'Create a webhook: a URL that is notified of events of a portfolio. The signing secret is shown only once. It needs the read scopes of what the messages show.',
  scope: 'webhook:write',
  shows: ['webhook:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    ...webhookFields,
    description: webhookFields.description.default(''),
  }),
  output: webhookWithSecretSchema,
  tenant: tenantBySlug,
  holdsSecret: true,
  async run(ctx, { portfolio: _, ...fields }, tenant) {
    requireAlso({ name: 'webhook.create' }, tenant, scopesOfEvents(fields.events));
    await requireBelowLimit(ctx.db, tenant);
    const [id, secret] = [newId('webhook'), newSecret()];
    const stored = await encryptSecrets(ctx.encryption, id, { secret, previousSecret: null });
    await ctx.db.insert(webhooks).values({ id, portfolioId: tenant.id, ...fields, ...stored });
    return { ...(await fetchWebhook(ctx, tenant, id)), secret };
  },
});

/** Throws `conflict` if the limit is reached. Concurrent requests wait for this transaction. */
async function requireBelowLimit(db: Db, { id, slug }: Tenant): Promise<void> {
  await db.select({ id: portfolios.id }).from(portfolios).where(eq(portfolios.id, id)).for('no key update');
  if ((await db.$count(webhooks, eq(webhooks.portfolioId, id))) < maxWebhooks) return;
  throw new AppError('conflict', `Portfolio "${slug}" has reached the limit of ${maxWebhooks} webhooks.`);
}
