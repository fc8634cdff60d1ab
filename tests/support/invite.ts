import { operations } from '@portfolio/core';
import type { Actor, Role } from '@portfolio/core/actor';
import { type TestServices, user } from './services.ts';

/** What is after `#` in the link of an invitation. */
export const secretOf = ({ link }: { link: string }) => link.slice(link.indexOf('#') + 1);

/** Lets `by` invite a person, whose id is the subject, who accepts. Resolves to the member. */
export async function invite(
  { as, sql }: Pick<TestServices, 'as' | 'sql'>,
  { portfolio, role, by = user('owner') }: { portfolio: string; role: Role; by?: Actor },
  subject: string,
) {
  // As when they sign in.
  await sql`insert into people (id, subject, signed_in_at) values (${subject}, ${subject}, now()) on conflict do nothing`;
  const made = await operations.invitation.create.run(as(by), { portfolio, role });
  return operations.invitation.accept.run(as(user(subject)), { secret: secretOf(made) });
}
