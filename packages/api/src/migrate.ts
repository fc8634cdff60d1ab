/**
 * Brings the database up to date, creates the users of API, worker and migrations where DATABASE_ADMIN_URL says who may,
 * and ends: to be run before the programs of a release start.
 */
import { openAdminSignIn, openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { createLog } from '@portfolio/core/runtime/log';
import { migrate } from '@portfolio/core/runtime/migrate';
import { startWithRetries } from '@portfolio/core/runtime/start-with-retries';
import { migrationSettings, readSettings } from '@portfolio/core/runtime/settings';

const settings = readSettings(migrationSettings);
const log = createLog('migrate', settings.LOG_LEVEL);
const { DATABASE_URL: url, DATABASE_ADMIN_URL: adminUrl } = settings;

const owner = { url, signIn: await openSignIn(settings, log) };
const adminSignIn = await openAdminSignIn(settings, log);
// Who creates a role is a member of it since Postgres 16. On RDS, members of one that signs in by tokens have to as well.
const ways = settings.DATABASE_AUTH === 'iam' ? [adminSignIn, owner.signIn] : [adminSignIn];
const admins = adminUrl === undefined ? [] : ways.map((signIn) => ({ url: adminUrl, signIn }));
await startWithRetries(log, () => migrate(owner, ...admins));
log.info('the database is up to date');
owner.signIn.close();
adminSignIn.close();
