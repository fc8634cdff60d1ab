import { z } from 'zod';
import { invalidInput } from '../errors.ts';
import { operation } from '../operation.ts';
import { erasePerson } from './erase-person.ts';
import { requirePerson } from './person.ts';

export const eraseMe = operation({
  name: 'me.erase',
  kind: 'mutation',
  summary:
    'Erase yourself: who you are, your memberships, keys and sessions, at once and for good. What you have made for ' +
    'portfolios stays, by nobody. You cannot be the last owner of a portfolio.',
  scope: 'api-key:write',
  recentSignIn: true,
  public: false,
  input: z.strictObject({
    confirm: z.string().max(255).describe('Your own id, so that nobody else is erased by mistake.'),
  }),
  output: z.null(),
  tenant: 'none',
  erasesActor: true,
  async run({ actor, db }, { confirm }) {
    const id = requirePerson(actor);
    if (confirm !== id) throw invalidInput([{ pointer: '/confirm', detail: 'Expected your own id.' }]);
    await erasePerson(db, id);
    return null;
  },
});
