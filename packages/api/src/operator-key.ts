/**
 * Makes, lists and revokes the keys of operators, for who may run programs on the platform's machines. It connects as the
 * API does. The secret of a new key is the only standard output.
 */
import { operatorScopes } from '@portfolio/core/actor';
import { createOperatorKey, listOperatorKeys, revokeOperatorKey } from '@portfolio/core/operator/keys';
import { openDatabase } from '@portfolio/core/runtime/database';
import { openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { createLog } from '@portfolio/core/runtime/log';
import { operatorKeySettings, readSettings } from '@portfolio/core/runtime/settings';
import { parseArgs } from 'node:util';

const usage = `operator-key <name> [--write] [--days <1 to 365>]   makes a key: to read, or with --write also to act; 90 days
operator-key --list                                 lists the keys that have not ended
operator-key --revoke <id>                          ends a key at once`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      days: { type: 'string', default: '90' },
      list: { type: 'boolean', default: false },
      revoke: { type: 'string' },
    },
  });
  const [name, ...rest] = positionals;
  const days = Number(values.days);
  const wanted = [name, values.revoke, values.list || undefined].filter((given) => given !== undefined);
  if (wanted.length !== 1 || rest.length > 0 || name === '' || !(days >= 1 && days <= 365))
    throw new TypeError(usage);
  return { ...values, name, days };
}

async function run({ name, write, days, list, revoke }: ReturnType<typeof readArguments>) {
  const settings = readSettings(operatorKeySettings);
  const log = createLog('operator-key', settings.LOG_LEVEL === 'info' ? 'warn' : settings.LOG_LEVEL);
  const signIn = await openSignIn(settings, log);
  const pool = { poolSize: 1, applicationName: 'portfolio-operator-key', log, signIn };
  const { db, close } = openDatabase({ url: settings.DATABASE_URL, ...pool });
  try {
    if (list) console.log(JSON.stringify(await listOperatorKeys(db), null, 2));
    if (revoke !== undefined) await revokeOperatorKey(db, revoke);
    if (name === undefined) return;
    const expiresAt = new Date(Date.now() + days * 86_400_000);
    const scopes = operatorScopes.filter((scope) => write || scope === 'operator:read');
    const { id, secret } = await createOperatorKey(db, { name, scopes, expiresAt });
    console.error(
      `${id} (${scopes.join(', ')}) ends ${expiresAt.toISOString()}. Its secret is shown only now:`,
    );
    console.log(secret);
  } finally {
    await close();
    signIn.close();
  }
}

try {
  await run(readArguments());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
