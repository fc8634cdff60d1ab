import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { urlOf } from './database-users.ts';
import { findRunningServer } from './postgres.ts';
import { inRepository } from './repository.ts';
import { inheritedEnvironment, readDevSettings } from './settings.ts';

/** Runs a program of the API image on the database of the running `npm start`, and ends with its code. */
export async function runApiProgram(name: string): Promise<void> {
  const url = await findRunningServer(join(readDevSettings().PORTFOLIO_DATA_DIR, 'postgres'));
  if (url === null) {
    console.error('The platform does not run. Start it first: npm start');
    process.exitCode = 2;
    return;
  }
  const program = spawn(
    process.execPath,
    [inRepository(`packages/api/src/${name}.ts`), ...process.argv.slice(2)],
    {
      env: { ...inheritedEnvironment(), DATABASE_URL: urlOf('portfolio_api', url), AWS_REGION: 'local' },
      stdio: 'inherit',
    },
  );
  const [code] = (await once(program, 'exit')) as [number | null];
  process.exitCode = code ?? 2;
}
