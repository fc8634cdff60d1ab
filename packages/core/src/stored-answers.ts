import { type SQL, sql } from 'drizzle-orm';
import type { Db } from './context.ts';
import { idempotencyKeys } from './idempotency.sql.ts';

/** True for stored answers that contain an id. */
export const answersWith = (id: string): SQL =>
  sql`strpos(${idempotencyKeys.response}::text, ${JSON.stringify(id)}) > 0`;

/** Empties stored answers. Their rows stay until they expire: a repeated request must not run a second time. */
export async function emptyAnswers(db: Db, which: SQL | undefined): Promise<void> {
  await db.update(idempotencyKeys).set({ response: null }).where(which);
}
