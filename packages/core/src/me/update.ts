import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { people } from '../person/person.sql.ts';
import { keepFromErasure } from '../person/keep-from-erasure.ts';
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
    await keepFromErasure(db, id);
    await db.update(people).set({ name }).where(eq(people.id, id));
    return { id, name };
  },
});
