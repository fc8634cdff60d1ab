/**
 * `npm run migration -- <name>`: creates a migration for the differences between the tables in the sources and the last
 * snapshot; with `--custom`, an empty one. Removes all snapshots except the newest, which is the only one drizzle-kit reads.
 */
import { execFileSync } from 'node:child_process';
import { globSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { custom: { type: 'boolean', default: false } },
});
const [name, ...others] = positionals;
if (name === undefined || others.length > 0 || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('Usage: npm run migration -- <name> [--custom], with a name such as case_study_team.');
  process.exit(1);
}
execFileSync('drizzle-kit', ['generate', '--name', name, ...(values.custom ? ['--custom'] : [])], {
  stdio: 'inherit',
});
for (const snapshot of globSync('drizzle/meta/*_snapshot.json').toSorted().slice(0, -1)) rmSync(snapshot);
