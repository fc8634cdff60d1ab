import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { personOf } from '../tenancy.ts';
import { endSessions } from './end.ts';
import { sessions } from './session.sql.ts';

export const revokeSession = operation({
  name: 'session.revoke',
  kind: 'mutation',
  summary: 'End a session of yours: sign out in that browser. Ending it again changes nothing.',
  scope: 'api-key:write',
  public: false,
  input: z.strictObject({ id: idOf('session') }),
  output: z.null(),
  tenant: 'none',
  async run({ actor, db }, { id }) {
    const isOwn = and(eq(sessions.id, id), eq(sessions.personId, personOf(actor)))!;
    if ((await db.$count(sessions, isOwn)) === 0)
      throw new AppError('not_found', `You have no session "${id}".`);
    await endSessions(db, isOwn);
    return null;
  },
});
