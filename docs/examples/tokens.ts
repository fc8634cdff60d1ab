import { createClient } from '@portfolio/api/client';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { credentials } from './connect.ts';

const fifteenMinutes = 15 * 60 * 1000;
let known: { token: string; until: number } | undefined;

/** Returns the cached token while it is valid, then requests another one. */
async function readToken(): Promise<string> {
  if (known === undefined || Date.now() > known.until) {
    known = { token: await askIssuer(), until: Date.now() + fifteenMinutes };
  }
  return known.token;
}

/** The local issuer of `npm start`; use your identity provider instead. */
async function askIssuer(): Promise<string> {
  const program = fileURLToPath(new URL('../../dev/token.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'local-owner']);
  return stdout.trim();
}

const api = createClient({ baseUrl: credentials.baseUrl, apiKey: readToken });
console.log((await api.portfolio.list.query({})).items.map(({ slug }) => slug));
