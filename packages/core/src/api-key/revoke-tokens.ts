import { and, eq, lte, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { members } from '../portfolio/portfolio.sql.ts';
import { iso } from '../sql.ts';
import { apiKeys, tokenEnds } from './api-key.sql.ts';
import { endKeys } from './end.ts';
import { lockKeysOf } from './lock.ts';
import { endedTokensSchema } from './schemas.ts';

export const revokeOwnTokens = operation({
  name: 'ownToken.revoke',
  kind: 'mutation',
  summary:
    'Revoke all your tokens that were issued so far, and the keys made with them. Other keys continue to work.',
  scope: 'api-key:write',
  public: false,
  input: z.strictObject({}),
  output: endedTokensSchema,
  tenant: 'none',
  async run({ actor, db }) {
    if (actor.kind !== 'user')
      throw new AppError('forbidden', 'A portfolio key has no tokens. Use the key or token of a user.');
    const { id: personId } = actor;
    await lockKeysOf(db, { personId });
    const [ended] = await db
      .insert(tokenEnds)
      .values({ personId, notBefore: sql`now()` })
      .onConflictDoUpdate({
        target: tokenEnds.personId,
        set: { notBefore: sql`greatest(${tokenEnds.notBefore}, now())` },
      })
      .returning({ notBefore: iso(tokenEnds.notBefore) });
    const ofPortfolios = sql`${apiKeys.portfolioId} in (
      select ${members.portfolioId} from ${members} where ${members.personId} = ${personId})`;
    const isOwn = or(eq(apiKeys.personId, personId), and(eq(apiKeys.madeBy, personId), ofPortfolios));
    const keysEnded = await endKeys(db, and(lte(apiKeys.tokenIssuedAt, sql`now()`), isOwn)!);
    return { notBefore: ended!.notBefore, keysEnded };
  },
});
