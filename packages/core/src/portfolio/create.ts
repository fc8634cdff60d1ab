import { eq, sql } from 'drizzle-orm';
import { isPlatform } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { findFormer, slugTaken } from '../former-slug.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
import { keepFromErasure } from '../person/keep-from-erasure.ts';
import { portfolioFields } from './internal.ts';
import { members, portfolios } from './portfolio.sql.ts';
import { portfolioInput, portfolioSchema } from './schemas.ts';

export const createPortfolio = operation({
  name: 'portfolio.create',
  kind: 'mutation',
  summary: 'Create a portfolio; the caller becomes its owner.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  public: false,
  input: portfolioInput,
  output: portfolioSchema,
  tenant: 'none',
  portfoliosOf: ({ id }) => [id],
  async run({ actor, db }, input) {
    if (actor.kind !== 'user') {
      throw new AppError(
        'forbidden',
        'A portfolio key cannot create portfolios. Use the key or token of a user.',
      );
    }
    const { id: createdBy } = actor;
    if (!isPlatform(actor)) await requireRoom(db, createdBy);
    const [created] = await db
      .insert(portfolios)
      .values({ id: newId('portfolio'), createdBy, ...input })
      .onConflictDoNothing()
      .returning(portfolioFields);
    if (!created) throw slugTaken(input.slug);
    // Its links lead to the portfolio that had it.
    if (await findFormer(db, 'portfolio', '', input.slug)) throw slugTaken(input.slug);
    await db.insert(members).values({ portfolioId: created.id, personId: createdBy, role: 'owner' });
    await keepFromErasure(db, createdBy);
    return created;
  },
});

/** The number of portfolios that a person can create. */
const maxCreated = 100;

/** Throws `conflict` if a person has created as many portfolios as they can; it waits for those being created. */
async function requireRoom(db: Db, personId: string): Promise<void> {
  const lock = JSON.stringify(['portfolios', personId]);
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
  const created = await db.$count(portfolios, eq(portfolios.createdBy, personId));
  if (created < maxCreated) return;
  throw new AppError(
    'conflict',
    `You have created ${maxCreated} portfolios, the most that a user can create.`,
  );
}
