import { z } from 'zod';
import { idOf } from '../ids.ts';
import { erasePerson } from '../me/erase-person.ts';
import { operation } from '../operation.ts';

export const erase = operation({
  name: 'operator.erase',
  kind: 'mutation',
  summary:
    'Erase a person who cannot do so by themselves, as `me.erase` does. It is refused while they are the last owner of a portfolio.',
  scope: 'operator:write',
  recentSignIn: true,
  public: false,
  input: z.strictObject({ id: idOf('person') }),
  output: z.null(),
  tenant: 'none',
  async run({ db }, { id }) {
    await erasePerson(db, id);
    return null;
  },
});
