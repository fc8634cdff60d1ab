import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { isOperator } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { operation, recentSignInUntil } from '../operation.ts';
import { isOwnPortfolio, ownPortfolioValues } from '../own-portfolios.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { isOwnMembership, personOf, scopesIn } from '../tenancy.ts';
import { people } from '../person/person.sql.ts';
import { meSchema, mostPortfolios } from './schemas.ts';

export const readMe = operation({
  name: 'me.read',
  kind: 'query',
  summary:
    'Read who you are: your credential, what it may do, your portfolios, and what is left of your limits.',
  scope: null,
  public: false,
  input: z.strictObject({}),
  output: meSchema,
  tenant: 'none',
  async run(ctx) {
    const { actor } = ctx;
    if (actor.kind === 'anonymous') throw new AppError('unauthenticated', 'me.read requires a credential.');
    const { kind, id, scopes, expiresAt, credential } = actor;
    const [person] = await personById(ctx.db).execute({ id: personOf(actor) });
    return {
      kind,
      id,
      ...(person ?? { subject: null, issuer: null, name: null }),
      credential: {
        kind: credential?.kind ?? 'key',
        id: credential?.id ?? null,
        expiresAt: expiresAt?.toISOString() ?? null,
        signedInAt: credential?.signedInAt?.toISOString() ?? null,
        recentUntil: recentSignInUntil(actor)?.toISOString() ?? null,
      },
      scopes: [...scopes],
      isOperator: isOperator(actor),
      ...(await readOwnPortfolios(ctx)),
      limits: [...(ctx.limitsOf?.(actor) ?? [])],
    };
  },
});

const personById = prepared((db) =>
  db
    .select({ subject: people.subject, issuer: people.issuer, name: people.name })
    .from(people)
    .where(eq(people.id, sql.placeholder('id')))
    .prepare('person_by_id'),
);

const own = prepared((db) =>
  db
    .select({ slug: portfolios.slug, name: portfolios.name, role: members.role })
    .from(portfolios)
    .leftJoin(members, and(eq(members.portfolioId, portfolios.id), isOwnMembership))
    .where(isOwnPortfolio)
    .orderBy(asc(portfolios.slug))
    .limit(mostPortfolios + 1)
    .prepare('portfolio_own'),
);

async function readOwnPortfolios({ db, actor }: Ctx) {
  const found = await own(db).execute(ownPortfolioValues(actor));
  const shown = found.slice(0, mostPortfolios);
  return {
    portfolios: shown.map((each) => ({ ...each, scopes: [...scopesIn(actor, each.role)] })),
    more: found.length > mostPortfolios,
  };
}
