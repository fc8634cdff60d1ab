import { scopeSchema } from '@portfolio/core/actor';
import { signToken } from './issuer.ts';
import { printAlone } from './print-alone.ts';
import { issuerKeyFile, readDevSettings } from './settings.ts';

const usage = `npm run --silent token -- <subject> [scope …]

Prints a token of the local issuer, valid for an hour. Without scopes it has all of them:
${scopeSchema.options.join(' ')}`;

const [subject, ...requested] = process.argv.slice(2);
const scopes = scopeSchema.array().safeParse(requested);
if (!subject || subject.startsWith('-') || !scopes.success) {
  console.error(usage);
  process.exit(2);
}
const granted = scopes.data.length > 0 ? scopes.data : scopeSchema.options;
const keyFile = issuerKeyFile(readDevSettings().PORTFOLIO_DATA_DIR);
try {
  printAlone(`${await signToken(keyFile, subject, granted)}\n`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
