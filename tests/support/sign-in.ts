import { people } from '@portfolio/core/person/person.sql';
import { beginSession } from '@portfolio/core/session/begin';
import type { TestServices } from './services.ts';

/** Begins a session of a person, who is stored if new. Resolves to it with the headers of a browser that has its cookie. */
export async function signIn(
  { db }: Pick<TestServices, 'db'>,
  subject: string,
  { signedInAt = new Date(), isOperator = false } = {},
) {
  const person = { id: subject, subject, signedInAt: signedInAt.toISOString() };
  await db.insert(people).values(person).onConflictDoNothing();
  const about = {
    personId: subject,
    signedInAt,
    isOperator,
    origin: { address: '192.0.2.1', requestId: null },
    userAgent: 'Test browser',
  };
  const session = await beginSession(db, about);
  return { ...session, headers: { cookie: `__Host-session=${session.secret}` } };
}
