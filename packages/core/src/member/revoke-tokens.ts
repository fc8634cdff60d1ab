import { and, eq, lte, sql } from 'drizzle-orm';
import { z } from 'zod';
import { apiKeys } from '../api-key/api-key.sql.ts';
import { endKeys } from '../api-key/end.ts';
import { endedTokensSchema } from '../api-key/schemas.ts';
import { operation } from '../operation.ts';
import { members } from '../portfolio/portfolio.sql.ts';
import { iso } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { isMember, lockMember } from './lock.ts';
import { memberRef } from './schemas.ts';

export const revokeMemberTokens = operation({
  name: 'member.revokeTokens',
  kind: 'mutation',
  summary:
    'Revoke, in this portfolio, all tokens of a member that were issued so far, and the keys made with them. ' +
    'The member has to sign in again.',
  scope: 'portfolio:write',
  public: false,
  input: z.strictObject(memberRef),
  output: endedTokensSchema,
  tenant: tenantBySlug,
  async run({ db }, { member }, tenant) {
    await lockMember(db, tenant, member, '*');
    const [ended] = await db
      .update(members)
      .set({ tokensNotBefore: sql`greatest(${members.tokensNotBefore}, now())` })
      .where(isMember(tenant, member))
      .returning({ notBefore: iso(members.tokensNotBefore) });
    const madeByThem = and(
      eq(apiKeys.portfolioId, tenant.id),
      eq(apiKeys.madeBy, member),
      lte(apiKeys.tokenIssuedAt, sql`now()`),
    )!;
    return { notBefore: ended!.notBefore, keysEnded: await endKeys(db, madeByThem) };
  },
});
