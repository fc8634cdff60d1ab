import { eq, sql } from 'drizzle-orm';
import { isPlatform } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
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
  portfolioOf: ({ id }) => id,
  async run({ actor, db }, input) {
    if (actor.kind !== 'user') {
      throw new AppError(
        'forbidden',
        'A portfolio key cannot create portfolios. Use the key or token of a user.',
      );
    }
    const { subject: createdBy } = actor;
    if (!isPlatform(actor)) await requireRoom(db, createdBy);
    const [created] = await db
      .insert(portfolios)
      .values({ id: newId('portfolio'), createdBy, ...input })
      .onConflictDoNothing()
      .returning(portfolioFields);
    if (!created)
      throw new AppError('conflict', `The slug "${input.slug}" is already in use. Choose another one.`);
    await db.insert(members).values({ portfolioId: created.id, subject: createdBy, role: 'owner' });
    return created;
  },
});

/** The number of portfolios that a subject can create. */
const maxCreated = 100;

/** Throws `conflict` if a subject has created as many portfolios as it can; it waits for those it is creating. */
async function requireRoom(db: Db, subject: string): Promise<void> {
  const lock = JSON.stringify(['portfolios', subject]);
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
  const created = await db.$count(portfolios, eq(portfolios.createdBy, subject));
  if (created < maxCreated) return;
  throw new AppError(
    'conflict',
    `You have created ${maxCreated} portfolios, the most that a user can create.`,
  );
}
