import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { personOf } from '../tenancy.ts';
import { endSessions } from './end.ts';
import { sessions } from './session.sql.ts';

export const revokeAllSessions = operation({
  name: 'session.revokeAll',
  kind: 'mutation',
  summary: 'End all your sessions: sign out everywhere, here as well. Keys and tokens continue to work.',
  scope: 'api-key:write',
  public: false,
  input: z.strictObject({}),
  output: z
    .object({ sessionsEnded: z.int().describe('The number of sessions that have ended.') })
    .meta({ id: 'EndedSessions' }),
  tenant: 'none',
  run: async ({ actor, db }) => ({
    sessionsEnded: await endSessions(db, eq(sessions.personId, personOf(actor))),
  }),
});
