import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { prepared } from '../sql.ts';
import { personOf } from '../tenancy.ts';
import { isOpen, sessionFields } from './internal.ts';
import { sessionSchema } from './schemas.ts';
import { sessions } from './session.sql.ts';

export const listSessions = operation({
  name: 'session.list',
  kind: 'query',
  summary: 'List your sessions: the browsers in which you are signed in, newest first.',
  scope: 'api-key:read',
  public: false,
  input: z.strictObject(pageInput),
  output: pageOf(sessionSchema),
  tenant: 'none',
  async run({ actor, db }, { limit, cursor = newest('session') }) {
    const current = actor.kind === 'anonymous' ? null : (actor.credential?.id ?? null);
    const rows = await ofPerson(db).execute({ personId: personOf(actor), cursor, limit: limit + 1 });
    return toPage(
      rows.map((row) => ({ ...row, isCurrent: row.id === current })),
      limit,
    );
  },
});

const ofPerson = prepared((db) =>
  db
    .select(sessionFields)
    .from(sessions)
    .where(
      and(
        eq(sessions.personId, sql.placeholder('personId')),
        lt(sessions.id, sql.placeholder('cursor')),
        isOpen,
      ),
    )
    .orderBy(desc(sessions.id))
    .limit(sql.placeholder('limit'))
    .prepare('session_list'),
);
