import { sql } from 'drizzle-orm';
import type { Db } from './context.ts';
import { idempotencyKeys } from './idempotency.sql.ts';

/**
 * Empties the stored answers with one of these strings, or pairs of a name and a string, in their JSON. They stay: a
 * repeated request must not run a second time.
 */
export async function emptyAnswers(tx: Db, contents: readonly (string | [name: string, value: string])[]) {
  const parts = contents.flatMap(partsOf);
  const { response } = idempotencyKeys;
  await tx
    .update(idempotencyKeys)
    .set({ response: null })
    .where(
      sql`${response} is not null and exists (
        select from unnest(${sql.param(parts)}::text[]) as part where strpos(${response}::text, part) > 0)`,
    );
}

/** How JSON has it, with and without a space after the colon: Postgres and JavaScript differ. */
function partsOf(content: string | [name: string, value: string]): string[] {
  if (typeof content === 'string') return [JSON.stringify(content)];
  const [name, value] = content.map((part) => JSON.stringify(part));
  return [`${name}: ${value}`, `${name}:${value}`];
}
