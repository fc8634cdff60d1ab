import { scopeSchema } from '@portfolio/core/actor';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createLog } from '@portfolio/core/runtime/log';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { credentialsSchema } from './settings.ts';

/**
 * An API key of the local owner: the one in the credentials file as long as it is good, or a new one. The file is
 * for the user's eyes only.
 */
export async function ensureOwnerKey(file: string, baseUrl: string, databaseUrl: string): Promise<string> {
  const apiKey = (await readGoodKey(file, baseUrl)) ?? (await issueOwnerKey(databaseUrl));
  await writeFile(file, `${JSON.stringify({ baseUrl, apiKey }, null, 2)}\n`, { mode: 0o600 });
  // The mode above is for a new file only.
  await chmod(file, 0o600);
  return apiKey;
}

async function readGoodKey(file: string, baseUrl: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch(() => 'null');
  const known = credentialsSchema.safeParse(parseJson(text));
  if (!known.success) return null;
  const headers = { authorization: `Bearer ${known.data.apiKey}` };
  const answer = await fetch(`${baseUrl}/api/v1/jobs?limit=1`, { headers });
  return answer.status === 401 ? null : known.data.apiKey;
}

async function issueOwnerKey(databaseUrl: string): Promise<string> {
  const applicationName = 'portfolio-dev';
  const log = createLog(applicationName, 'warn');
  const database = openDatabase({ url: databaseUrl, poolSize: 1, applicationName, log });
  try {
    const { secret } = await issueApiKey(database.db, {
      name: 'Local owner',
      subject: 'local-owner',
      scopes: scopeSchema.options,
      expiresAt: null,
    });
    return secret;
  } finally {
    await database.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
