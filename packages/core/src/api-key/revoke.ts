import { type SQL, and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { subjectOf, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { apiKeys } from './api-key.sql.ts';
import { apiKeyNotFound } from './internal.ts';

export const revokeApiKey = operation({
  name: 'apiKey.revoke',
  kind: 'mutation',
  summary: 'Revoke a key of a portfolio immediately and permanently. Revoking it again changes nothing.',
  scope: 'api-key:write',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, id: idOf('apiKey') }),
  output: z.null(),
  tenant: tenantBySlug,
  run: ({ db }, { id }, tenant) => revoke(db, id, eq(apiKeys.portfolioId, tenant.id)),
});

export const revokeOwnKey = operation({
  name: 'ownKey.revoke',
  kind: 'mutation',
  summary: 'Revoke a personal key immediately and permanently. Revoking it again changes nothing.',
  scope: 'api-key:write',
  public: false,
  input: z.strictObject({ id: idOf('apiKey') }),
  output: z.null(),
  tenant: 'none',
  run: ({ actor, db }, { id }) => revoke(db, id, eq(apiKeys.subject, subjectOf(actor))),
});

async function revoke(db: Db, id: string, isOwned: SQL): Promise<null> {
  const revoked = await db
    .update(apiKeys)
    .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
    .where(and(eq(apiKeys.id, id), isOwned))
    .returning({ id: apiKeys.id });
  if (revoked.length === 0) throw apiKeyNotFound(id);
  return null;
}
