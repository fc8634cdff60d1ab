import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { roleSchema } from '../actor.ts';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { formerMembers, members } from '../portfolio/portfolio.sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchMember, requireMayGrant } from './internal.ts';
import { personBySubject } from '../person/identify.ts';
import { slugSchema, text } from '../text.ts';
import { memberSchema } from './schemas.ts';

export const addMember = operation({
  name: 'member.add',
  kind: 'mutation',
  summary: 'Add a member to a portfolio, as viewer, editor or owner.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    subject: text(255).min(1, 'Expected some text.'),
    role: roleSchema,
  }),
  output: memberSchema,
  tenant: tenantBySlug,
  async run(ctx, { subject, role }, tenant) {
    requireMayGrant(ctx.actor, role);
    const personId = await personBySubject(ctx.db, subject);
    const [former] = await ctx.db
      .delete(formerMembers)
      .where(and(eq(formerMembers.portfolioId, tenant.id), eq(formerMembers.personId, personId)))
      .returning({ tokensNotBefore: formerMembers.tokensNotBefore });
    const added = await ctx.db
      .insert(members)
      .values({ portfolioId: tenant.id, personId, role, ...former })
      .onConflictDoNothing()
      .returning({ id: members.personId });
    if (added.length === 0) {
      throw new AppError(
        'conflict',
        `"${subject}" is already a member of portfolio "${tenant.slug}". Update its role instead.`,
      );
    }
    ctx.noteDetails({ role: { before: null, after: role } });
    return fetchMember(ctx, tenant, personId);
  },
});
