/**
 * Migrates the database, then exits. Run it before the programs of a release start. With DATABASE_ADMIN_URL it also
 * creates the database users of the API, the worker and the migrations. Where ENCRYPTION_KEYS refers to a secret without a
 * value, it makes the first key.
 */
import { openAdminSignIn, openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { createFirstEncryptionKey } from '@portfolio/core/runtime/first-encryption-key';
import { createLog } from '@portfolio/core/runtime/log';
import { migrate } from '@portfolio/core/runtime/migrate';
import { startWithRetries } from '@portfolio/core/runtime/start-with-retries';
import { migrationSettings, readSettings } from '@portfolio/core/runtime/settings';

const settings = readSettings(migrationSettings);
const log = createLog('migrate', settings.LOG_LEVEL);
const { DATABASE_URL: url, DATABASE_ADMIN_URL: adminUrl, ENCRYPTION_KEYS: keys } = settings;
const aws = { region: settings.AWS_REGION, endpoint: settings.AWS_ENDPOINT_URL };
if (keys && 'id' in keys) await createFirstEncryptionKey(keys.id, aws, log);

const owner = { url, signIn: await openSignIn(settings, log) };
const adminSignIn = await openAdminSignIn(settings, log);
// Since Postgres 16 the creator of a role is a member of it. On RDS, a member of a role that signs in with tokens must
// sign in with a token as well.
const signIns = settings.DATABASE_AUTH === 'iam' ? [adminSignIn, owner.signIn] : [adminSignIn];
const admins = adminUrl === undefined ? [] : signIns.map((signIn) => ({ url: adminUrl, signIn }));
await startWithRetries(log, () => migrate(owner, ...admins));
log.info('database is up to date');
owner.signIn.close();
adminSignIn.close();
