// `npm run operator-key`: the program of the API image, on the database of the running `npm start`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { urlOf } from './database-users.ts';
import { findRunningServer } from './postgres.ts';
import { inRepository } from './repository.ts';
import { inheritedEnvironment, readDevSettings } from './settings.ts';

const url = await findRunningServer(join(readDevSettings().PORTFOLIO_DATA_DIR, 'postgres'));
if (url === null) {
  console.error('The platform does not run. Start it first: npm start');
  process.exit(1);
}
const program = spawn(
  process.execPath,
  [inRepository('packages/api/src/operator-key.ts'), ...process.argv.slice(2)],
  {
    env: { ...inheritedEnvironment(), DATABASE_URL: urlOf('portfolio_api', url), AWS_REGION: 'local' },
    stdio: 'inherit',
  },
);
const [code] = (await once(program, 'exit')) as [number | null];
process.exitCode = code ?? 1;
