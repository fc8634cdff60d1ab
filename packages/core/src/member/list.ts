import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { invalidInput } from '../errors.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf } from '../page.ts';
import { people } from '../person/person.sql.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { memberFields } from './internal.ts';
import { memberSchema } from './schemas.ts';

export const listMembers = operation({
  name: 'member.list',
  kind: 'query',
  summary: 'List the members of a portfolio, sorted by id. Every member may do this.',
  scope: 'portfolio:read',
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    limit: pageInput.limit,
    cursor: z.base64url().max(2000).optional().describe('`nextCursor` of the previous page.'),
  }),
  output: pageOf(memberSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor }, tenant) {
    const after = cursor === undefined ? '' : readCursor(cursor);
    const rows = await listAfter(db).execute({ portfolioId: tenant.id, after, limit: limit + 1 });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const nextCursor = rows.length > limit && last ? writeCursor(last.id) : null;
    return { items, nextCursor };
  },
});

const writeCursor = (id: string) => Buffer.from(id).toString('base64url');

function readCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (writeCursor(id) === cursor && !id.includes('\0')) return id;
  throw invalidInput([{ pointer: '/cursor', detail: 'Expected the `nextCursor` of a previous page.' }]);
}

const listAfter = prepared((db) =>
  db
    .select(memberFields)
    .from(members)
    .innerJoin(people, eq(people.id, members.personId))
    .innerJoin(portfolios, eq(portfolios.id, members.portfolioId))
    .where(
      and(
        eq(members.portfolioId, sql.placeholder('portfolioId')),
        gt(members.personId, sql.placeholder('after')),
      ),
    )
    .orderBy(asc(members.personId))
    .limit(sql.placeholder('limit'))
    .prepare('member_list'),
);
