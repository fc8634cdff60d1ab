import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { ChangeCtx } from '../context.ts';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { personOf, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { apiKeys } from './api-key.sql.ts';
import { endKeysLater, isMadeWith } from './end.ts';
import { apiKeyNotFound, isLive, isOwnedBy, requireMayGrantScopes } from './internal.ts';
import type { KeyOwner } from './issue.ts';
import { lockKeysOf, lockMaker } from './lock.ts';
import { insertKey, lineageOf } from './make.ts';
import { newApiKeySchema, rotationInput } from './schemas.ts';

export const rotateApiKey = operation({
  name: 'apiKey.rotate',
  kind: 'mutation',
  summary:
    'Replace a key of a portfolio by a new one with the same name and scopes. The old one, and the keys made with it, ' +
    'end after an overlap, or when they would have ended anyway. The secret is shown only once.',
  scope: 'api-key:write',
  shows: ['api-key:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject({ portfolio: slugSchema, id: idOf('apiKey'), ...rotationInput }),
  output: newApiKeySchema,
  tenant: tenantBySlug,
  holdsSecret: true,
  run: (ctx, wanted, tenant) => rotate(ctx, { portfolioId: tenant.id }, wanted),
});

export const rotateOwnKey = operation({
  name: 'ownKey.rotate',
  kind: 'mutation',
  summary:
    'Replace a personal key by a new one with the same name and scopes. The old one, and the keys made with it, end ' +
    'after an overlap, or when they would have ended anyway. The secret is shown only once.',
  scope: 'api-key:write',
  shows: ['api-key:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject({ id: idOf('apiKey'), ...rotationInput }),
  output: newApiKeySchema,
  tenant: 'none',
  holdsSecret: true,
  run: (ctx, wanted) => rotate(ctx, { personId: personOf(ctx.actor) }, wanted),
});

type Wanted = { id: string; overlapSeconds: number; expiresAt?: string | null | undefined };

async function rotate(caller: ChangeCtx, owner: KeyOwner, { id, overlapSeconds, expiresAt }: Wanted) {
  const { actor, db } = caller;
  await lockKeysOf(db, owner);
  const isKey = and(eq(apiKeys.id, id), isOwnedBy(owner))!;
  const [old] = await db
    .select({
      name: apiKeys.name,
      scopes: apiKeys.scopes,
      parentId: apiKeys.parentId,
      isLive: sql<boolean>`${isLive}`,
    })
    .from(apiKeys)
    .where(isKey);
  if (!old) throw apiKeyNotFound(id);
  if (!old.isLive) throw new AppError('conflict', 'This key has ended. Create a new one instead.');
  requireMayGrantScopes(actor, old.scopes);
  const made = lineageOf(actor);
  const rotatesItself = made.parentId === id;
  // Before anything is locked: it would lock keys in another order than who ends them.
  if (!rotatesItself && made.parentId !== null && (await isMadeWith(db, made.parentId, id)))
    throw new AppError('forbidden', 'A key cannot rotate one that it was made with, and with which it ends.');

  const latest = await lockMaker(caller, owner, isKey);
  await endKeysLater(db, isKey, overlapSeconds);
  caller.noteDetails({ scopes: { before: old.scopes, after: old.scopes } });
  const lineage = rotatesItself ? { ...made, parentId: old.parentId } : made;
  return insertKey(caller, owner, { name: old.name, scopes: old.scopes, expiresAt, latest, lineage });
}
