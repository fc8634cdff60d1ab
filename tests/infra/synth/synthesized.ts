import { shared } from '../../support/shared.ts';
import type { App } from './app.ts';
import { readApp } from './index.ts';

const apps = new Map<string, Promise<App>>();

/**
 * The resources of a stage: `production`, `staging`, `personal` (a developer's stage) or `dev` (the same in `sst dev`).
 * Evaluated once for all test files.
 */
export function synthesized(stage: 'production' | 'staging' | 'personal' | 'dev'): Promise<App> {
  const app = apps.get(stage) ?? shared('stage', stage).then(readApp);
  apps.set(stage, app);
  return app;
}
