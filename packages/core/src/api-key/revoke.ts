import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { ChangeCtx } from '../context.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { personOf, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { apiKeys } from './api-key.sql.ts';
import { endKeys } from './end.ts';
import { fetchApiKey, isOwnedBy } from './internal.ts';
import type { KeyOwner } from './issue.ts';
import { lockKeysOf } from './lock.ts';

export const revokeApiKey = operation({
  name: 'apiKey.revoke',
  kind: 'mutation',
  summary:
    'Revoke a key of a portfolio, and all keys made with it, immediately and permanently. Revoking it again changes nothing.',
  scope: 'api-key:write',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, id: idOf('apiKey') }),
  output: z.null(),
  tenant: tenantBySlug,
  run: (ctx, { id }, tenant) => revoke(ctx, { portfolioId: tenant.id }, id),
});

export const revokeOwnKey = operation({
  name: 'ownKey.revoke',
  kind: 'mutation',
  summary:
    'Revoke a personal key, and all keys made with it, immediately and permanently. Revoking it again changes nothing.',
  scope: 'api-key:write',
  public: false,
  input: z.strictObject({ id: idOf('apiKey') }),
  output: z.null(),
  tenant: 'none',
  run: (ctx, { id }) => revoke(ctx, { personId: personOf(ctx.actor) }, id),
});

async function revoke({ db, noteDetails }: ChangeCtx, owner: KeyOwner, id: string): Promise<null> {
  await lockKeysOf(db, owner);
  const isKey = and(eq(apiKeys.id, id), isOwnedBy(owner))!;
  const { scopes } = await fetchApiKey(db, owner, id);
  noteDetails({ scopes: { before: scopes, after: null } });
  await endKeys(db, isKey);
  return null;
}
