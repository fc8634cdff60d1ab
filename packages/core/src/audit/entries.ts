import { type SQL, and, desc, eq, gte, lt, sql } from 'drizzle-orm';
import type { z } from 'zod';
import type { Db } from '../context.ts';
import { people } from '../person/person.sql.ts';
import { iso } from '../sql.ts';
import { text } from '../text.ts';
import { timeSchema } from '../time.ts';
import { auditLog } from './audit.sql.ts';
import { exact } from './chain.ts';
import { readDetails } from './schemas.ts';

/** Which entries are listed. */
export const filterInput = {
  action: text(100).optional().describe('Only changes by this operation, such as `caseStudy.publish`.'),
  credential: text(255)
    .optional()
    .describe('Only changes by this credential: the id of a key, or the `jti` of a token.'),
  target: text(255).optional().describe('Only changes of this resource: its slug, key or id.'),
  from: timeSchema.optional().describe('Only changes at this time or later.'),
  to: timeSchema.optional().describe('Only changes before this time.'),
};
type Filter = z.output<z.ZodObject<typeof filterInput>> & { actor?: string | undefined };

/** Up to `limit` entries, newest first, with the exact time of each. */
export async function fetchEntries(
  db: Db,
  which: SQL | undefined,
  { actor, action, credential, target, from, to }: Filter,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
) {
  const rows = await db
    .select({
      id: auditLog.id,
      at: iso(auditLog.at),
      exactAt: exact(auditLog.at),
      actor: auditLog.actor,
      actorName: people.name,
      credential: auditLog.credential,
      address: auditLog.address,
      requestId: auditLog.requestId,
      action: auditLog.action,
      target: auditLog.target,
      fields: auditLog.fields,
      details: auditLog.details,
      sealedIn: auditLog.sealedIn,
    })
    .from(auditLog)
    .leftJoin(people, eq(people.id, auditLog.actor))
    .where(
      and(
        which,
        cursor === undefined ? undefined : isBefore(cursor),
        actor === undefined ? undefined : eq(auditLog.actor, actor),
        credential === undefined ? undefined : eq(auditLog.credential, credential),
        action === undefined ? undefined : eq(auditLog.action, action),
        target === undefined ? undefined : eq(auditLog.target, target),
        from === undefined ? undefined : gte(auditLog.at, from),
        to === undefined ? undefined : lt(auditLog.at, to),
      ),
    )
    .orderBy(desc(auditLog.at), desc(auditLog.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, details: row.details === null ? null : readDetails(row.details) }));
}

/** By time and id, in the order of the index, so that a filter by time reads only the matching range. */
const isBefore = (id: string) =>
  sql`(${auditLog.at}, ${auditLog.id}) < (select at, id from ${auditLog} where id = ${id})`;
