import { execFile } from 'node:child_process';
import { globSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findMigrationProblems } from './migrations.ts';
import { readHistory } from './releases.ts';
import { root } from './repository.ts';
import { stateOf } from './testing.ts';

test('this repository has every released migration unchanged, and new ones that lock no large table', async () => {
  const history = readHistory(root);
  expect(await findMigrationProblems(history)).toEqual([]);
});

test('only the newest snapshot is stored: `npm run migration` removes the others', () => {
  const files = readdirSync(new URL('../drizzle/meta', import.meta.url));
  expect(files.filter((file) => file.endsWith('_snapshot.json'))).toHaveLength(1);
});

type Entry = [tag: string, when: number, sql: string];
const first: Entry = ['0000_first', 1000, 'create table jobs (id text, state text);'];
const second: Entry = ['0001_second', 2000, 'create index jobs_state on jobs (state);'];

function state(...entries: Entry[]) {
  return stateOf('0.1.0', {
    'drizzle/meta/_journal.json': { entries: entries.map(([tag, when], idx) => ({ idx, tag, when })) },
    ...Object.fromEntries(entries.map(([tag, , sql]) => [`drizzle/${tag}.sql`, sql])),
  });
}

/** The problems if each state except the last was released. */
async function problemsOf(...states: ReturnType<typeof state>[]) {
  const problems = await findMigrationProblems({ releases: states.slice(0, -1), tree: states.at(-1)! });
  return problems.join('\n');
}

test('migrations of the first release may take any lock, and later ones may lock small tables', async () => {
  expect(await problemsOf(state(first, second))).toBe('');
  const third: Entry = ['0002_third', 3000, 'alter table jobs add column a text'];
  expect(await problemsOf(state(first, second), state(first, second, third))).toBe('');
});

test.each<[string, Entry[]]>([
  ['another text', [first, ['0001_second', 2000, 'select 1']]],
  ['another name', [first, ['0001_other', 2000, second[2]]]],
  ['another time', [first, ['0001_second', 2001, second[2]]]],
  ['another one before it', [['0000_new', 500, 'select 1'], first, second]],
  ['removed', [first]],
])(
  'a released migration cannot be changed (%s), even in the change that makes a release',
  async (_, entries) => {
    const released = state(first, second);
    const changed = state(...entries);
    expect(await problemsOf(released, changed)).toContain('was released in 0.1.0');
    expect(await problemsOf(released, changed, changed)).toContain('was released in 0.1.0');
  },
);

test('a new migration is newer than all others', async () => {
  const third: Entry = ['0002_third', 2000, 'select 1'];
  const problems = await problemsOf(state(first, second), state(first, second, third));
  expect(problems).toContain('0002_third is not newer than 0001_second');
});

test('a new migration locks no large table, even in the change that makes a release', async () => {
  const third: Entry = ['0002_third', 3000, 'create index jobs_id on jobs (id)'];
  const changed = state(first, second, third);
  const expected = 'drizzle/0002_third.sql: CREATE INDEX "jobs_id"';
  expect(await problemsOf(state(first, second), changed)).toContain(expected);
  expect(await problemsOf(state(first, second), changed, changed)).toContain(expected);
});

test('the newest snapshot has the tables that the sources declare (else: npm run migration -- <name>)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'scripts/declared-tables.ts')]);
  const [newest = ''] = globSync('drizzle/meta/*_snapshot.json', { cwd: root }).toSorted().toReversed();
  const snapshot = JSON.parse(readFileSync(join(root, newest), 'utf8')) as { tables: unknown };
  expect(JSON.parse(stdout)).toEqual(snapshot.tables);
});
