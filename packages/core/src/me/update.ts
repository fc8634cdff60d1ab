import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { people } from '../person/person.sql.ts';
import { line } from '../text.ts';
import { requirePerson } from './person.ts';

export const updateMe = operation({
  name: 'me.update',
  kind: 'mutation',
  summary: 'Change the name by which other members see you, or remove it.',
  scope: 'portfolio:write',
  public: false,
  input: z.strictObject({ name: line(100).nullable() }),
  output: z.object({ id: z.string(), name: z.string().nullable() }).meta({ id: 'DisplayName' }),
  tenant: 'none',
  async run({ actor, db }, { name }) {
    const id = requirePerson(actor);
    const isThere = and(eq(people.id, id), isNull(people.erasedAt));
    const named = await db.update(people).set({ name }).where(isThere).returning({ id: people.id });
    // An erasure that it has waited for must stay one.
    if (named.length === 0) throw new AppError('unauthenticated', 'This person was erased. Sign in again.');
    return { id, name };
  },
});
