// Prints the tables that the sources declare, in the form of drizzle-kit's snapshots. A program of its own for
// migrations.test.ts, since drizzle-kit adds to Array.prototype, which breaks libraries in the same process.
import { generateDrizzleJson } from 'drizzle-kit/api';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './repository.ts';

const tables: Record<string, unknown> = {};
for (const file of globSync('packages/core/src/**/*.sql.ts', { cwd: root }))
  Object.assign(tables, await import(join(root, file)));
console.log(JSON.stringify(generateDrizzleJson(tables).tables));
