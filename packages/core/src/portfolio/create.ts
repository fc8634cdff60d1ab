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
    const [created] = await db
      .insert(portfolios)
      .values({ id: newId('portfolio'), ...input })
      .onConflictDoNothing()
      .returning(portfolioFields);
    if (!created)
      throw new AppError('conflict', `The slug "${input.slug}" is already in use. Choose another one.`);
    await db.insert(members).values({ portfolioId: created.id, subject: actor.subject, role: 'owner' });
    return created;
  },
});
