import { type SQL, and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { personOf, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { apiKeys } from './api-key.sql.ts';
import { apiKeyFields } from './internal.ts';
import { apiKeySchema } from './schemas.ts';

export const listApiKeys = operation({
  name: 'apiKey.list',
  kind: 'query',
  summary: 'List the keys of a portfolio, newest first, without their secrets.',
  scope: 'api-key:read',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...pageInput }),
  output: pageOf(apiKeySchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor = newest('apiKey') }, tenant) {
    const rows = await ofPortfolio(db).execute({ owner: tenant.id, cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

export const listOwnKeys = operation({
  name: 'ownKey.list',
  kind: 'query',
  summary: 'List your personal keys, newest first, without their secrets.',
  scope: 'api-key:read',
  public: false,
  input: z.strictObject(pageInput),
  output: pageOf(apiKeySchema),
  tenant: 'none',
  async run({ actor, db }, { limit, cursor = newest('apiKey') }) {
    const rows = await ofPerson(db).execute({ owner: personOf(actor), cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

const owner = sql.placeholder('owner');
const ofPortfolio = prepared((db) =>
  listBefore(db, eq(apiKeys.portfolioId, owner)).prepare('api_key_list_of_portfolio'),
);
const ofPerson = prepared((db) =>
  listBefore(db, eq(apiKeys.personId, owner)).prepare('api_key_list_of_person'),
);

function listBefore(db: Db, only: SQL) {
  return db
    .select(apiKeyFields)
    .from(apiKeys)
    .leftJoin(portfolios, eq(portfolios.id, apiKeys.portfolioId))
    .where(and(only, lt(apiKeys.id, sql.placeholder('cursor'))))
    .orderBy(desc(apiKeys.id))
    .limit(sql.placeholder('limit'));
}
