import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyMigrations } from '@portfolio/core/runtime/apply-migrations';
import { migrate } from '@portfolio/core/runtime/migrate';
import postgres from 'postgres';
import { inject } from 'vitest';
import { inRepository } from '../../dev/repository.ts';
import { shared } from './shared.ts';

/** A database with the first `count` migrations only, and `upgrade`, which applies the others. */
export async function oldDatabase(count: number) {
  const { url: clusterUrl } = await shared('cluster');
  const cluster = postgres(clusterUrl, { max: 1 });
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await cluster`create database ${cluster(name)}`;
  const url = new URL(clusterUrl);
  url.pathname = `/${name}`;
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  await applyMigrations(sql, firstMigrations(count));
  return {
    sql,
    connect: () => postgres(url.href, { max: 1, onnotice: () => {} }),
    upgrade: () => migrate({ url: url.href }),
    async drop() {
      await sql.end();
      await cluster`drop database ${cluster(name)} with (force)`;
      await cluster.end();
    },
  };
}

function firstMigrations(count: number): string {
  const folder = mkdtempSync(join(inject('runFolder'), 'migrations-'));
  cpSync(inRepository('drizzle'), folder, { recursive: true });
  const journal = join(folder, 'meta', '_journal.json');
  const { entries, ...rest } = JSON.parse(readFileSync(journal, 'utf8')) as { entries: unknown[] };
  writeFileSync(journal, JSON.stringify({ ...rest, entries: entries.slice(0, count) }));
  return folder;
}
