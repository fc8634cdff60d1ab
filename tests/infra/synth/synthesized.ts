import postgres from 'postgres';
import { inject } from 'vitest';
import type { App } from './app.ts';
import { synthesize } from './index.ts';

/** Any constant will do: all that synthesize wait for the same one. */
const lockKey = 5_106_733_020_117;

const apps = new Map<string, Promise<App>>();

/**
 * The resources of a stage: `production`, `staging`, `personal` (as a developer deploys it for herself) or `dev`
 * (`sst dev`). Made once for all test files: they wait for each other by a lock in the run's Postgres.
 */
export function synthesized(stage: 'production' | 'staging' | 'personal' | 'dev'): Promise<App> {
  const app = apps.get(stage) ?? makeAlone(stage);
  apps.set(stage, app);
  return app;
}

async function makeAlone(stage: string): Promise<App> {
  const sql = postgres(inject('clusterUrl'), { max: 1 });
  try {
    await sql`select pg_advisory_lock(${lockKey})`;
    return await synthesize(stage);
  } finally {
    await sql.end();
  }
}
