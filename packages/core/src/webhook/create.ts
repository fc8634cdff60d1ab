import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { type Tenant, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { fetchWebhook } from './internal.ts';
import { webhookFields, webhookWithSecretSchema } from './schemas.ts';
import { newSecret } from './secret.ts';
import { webhooks } from './webhook.sql.ts';

/** Every event makes a delivery to each of them. */
const maxWebhooks = 20;

export const createWebhook = operation({
  name: 'webhook.create',
  kind: 'mutation',
  summary: 'Have an address told of what happens in a portfolio; the secret that signs is shown this once.',
  scope: 'webhook:write',
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
    await requireRoom(ctx.db, tenant);
    const [id, secret] = [newId('webhook'), newSecret()];
    await ctx.db.insert(webhooks).values({ id, portfolioId: tenant.id, ...fields, secret });
    return { ...(await fetchWebhook(ctx, tenant, id)), secret };
  },
});

/** Throws `conflict` where there are too many already; others that want one more wait for this transaction. */
async function requireRoom(db: Db, { id, slug }: Tenant): Promise<void> {
  await db.select({ id: portfolios.id }).from(portfolios).where(eq(portfolios.id, id)).for('no key update');
  if ((await db.$count(webhooks, eq(webhooks.portfolioId, id))) < maxWebhooks) return;
  throw new AppError('conflict', `Portfolio "${slug}" has ${maxWebhooks} webhooks, which is the most.`);
}
