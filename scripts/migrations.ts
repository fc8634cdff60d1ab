import { type Problem, findLocks } from './migration-locks.ts';
import type { History, State } from './releases.ts';

/** A migration of Drizzle. `when` is in milliseconds since 1970: a database applies migrations newer than its newest. */
export type Migration = { tag: string; when: number; sql: string };

/** The number of releases that are compared with the next one. */
const comparedReleases = 3;

/**
 * Problems of the migrations since the last releases: released ones that were changed, times that do not increase, and new
 * ones that would lock a large table. Empty before the first release.
 */
export async function findMigrationProblems({ releases, tree }: History): Promise<string[]> {
  const states = [...releases.slice(-comparedReleases), tree];
  const found = await Promise.all(states.slice(1).map((later, at) => compare(states[at]!, later)));
  return found.flat();
}

async function compare(earlier: State, later: State): Promise<string[]> {
  const [before, after] = [migrationsOf(earlier), migrationsOf(later)];
  const added = after.slice(before.length);
  const locks = await findLocks(before, added);
  return [
    ...before.flatMap((migration, at) => changeOf(migration, after[at], earlier)),
    ...after.slice(1).flatMap((migration, at) => disorderOf(after[at]!, migration)),
    ...locks.map(({ tag, problem }: Problem) => `drizzle/${tag}.sql: ${problem}`),
  ];
}

function migrationsOf({ name, read }: State): Migration[] {
  const journal = JSON.parse(need('drizzle/meta/_journal.json')) as { entries: Omit<Migration, 'sql'>[] };
  return journal.entries.map(({ tag, when }) => ({ tag, when, sql: need(`drizzle/${tag}.sql`) }));

  function need(path: string): string {
    const text = read(path);
    if (text === undefined) throw new Error(`${path} does not exist in ${name}.`);
    return text;
  }
}

const isSame = (one: Migration, other: Migration | undefined) =>
  one.tag === other?.tag && one.when === other.when && one.sql === other.sql;

function changeOf(migration: Migration, now: Migration | undefined, { name }: State): string[] {
  if (isSame(migration, now)) return [];
  return [
    `drizzle/${migration.tag}.sql was released in ${name}, and its name, text or time was changed. Databases that ` +
      'have applied it never see the change: restore it, and create a new one (`npm run migration -- <name>`).',
  ];
}

function disorderOf(before: Migration, after: Migration): string[] {
  if (after.when > before.when) return [];
  return [
    `drizzle/meta/_journal.json: ${after.tag} is not newer than ${before.tag}, so databases would skip it. Create it ` +
      'again: remove its file, its snapshot and its entry, and run `npm run migration -- <name>`.',
  ];
}
