import type { Actor } from '../actor.ts';
import { AppError } from '../errors.ts';

/** The id of the person who calls. Throws `forbidden` for the key of a portfolio, which is nobody. */
export function requirePerson(actor: Actor): string {
  if (actor.kind === 'user') return actor.id;
  throw new AppError(
    'forbidden',
    'A portfolio key acts for nobody. Use the key or token of a user, or sign in.',
  );
}
