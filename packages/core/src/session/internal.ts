import { sql } from 'drizzle-orm';
import { tokenEnds } from '../api-key/api-key.sql.ts';
import { iso } from '../sql.ts';
import { sessions } from './session.sql.ts';

/** How long a session lasts at most, and how long without a request. */
export const lifetime = sql`interval '7 days'`;
const idleTime = sql`interval '24 hours'`;

/** True for a session that has neither ended nor expired, and whose person has not revoked what began at that time. */
export const isOpen = sql`(${sessions.endedAt} is null and ${sessions.expiresAt} > now() and ${sessions.lastSeenAt} > now() - ${idleTime}
  and not exists (
    select from ${tokenEnds}
    where ${tokenEnds.personId} = ${sessions.personId} and ${tokenEnds.notBefore} >= ${sessions.createdAt}))`;

/** True for a session of an operator, who proves each day to be in their group still. */
export const mayOperate = sql<boolean>`(${sessions.isOperator} and ${sessions.createdAt} > now() - interval '12 hours')`;

/** True for a session that has expired, also if it has ended before. */
export const hasExpired = sql`(${sessions.expiresAt} <= now() or ${sessions.lastSeenAt} <= now() - ${idleTime})`;

/** The public fields of a session. */
export const sessionFields = {
  id: sessions.id,
  address: sessions.address,
  userAgent: sessions.userAgent,
  signedInAt: iso(sessions.signedInAt),
  createdAt: iso(sessions.createdAt),
  lastSeenAt: iso(sessions.lastSeenAt),
  expiresAt: iso(sessions.expiresAt),
};
