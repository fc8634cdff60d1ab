/**
 * Makes, lists and revokes the keys of operators, for who may run programs on the platform's machines. It connects as the
 * API does. The secret of a new key is the only standard output.
 */
import { openDatabase } from '@portfolio/core/runtime/database';
import { openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { createLog } from '@portfolio/core/runtime/log';
import { databaseSettings, readSettings } from '@portfolio/core/runtime/settings';
import { readCommand, runCommand } from './operator-key-command.ts';

async function run(args: string[]) {
  const command = readCommand(args);
  const settings = readSettings(databaseSettings);
  const log = createLog('operator-key', 'warn');
  const signIn = await openSignIn(settings, log);
  const pool = { poolSize: 1, applicationName: 'portfolio-operator-key', log, signIn };
  const database = openDatabase({ url: settings.DATABASE_URL, ...pool });
  try {
    const { about, output } = await runCommand(database.db, command);
    if (about !== undefined) console.error(about);
    if (output !== undefined) console.log(output);
  } finally {
    await database.close();
    signIn.close();
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
