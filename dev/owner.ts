import { roleScopes } from '@portfolio/core/actor';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import { identifyPerson, personBySubject } from '@portfolio/core/person/identify';
import { members, portfolios } from '@portfolio/core/portfolio/portfolio.sql';
import { type Database, openDatabase } from '@portfolio/core/runtime/database';
import { createLog } from '@portfolio/core/runtime/log';
import { eq } from 'drizzle-orm';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { credentialsSchema } from './settings.ts';

/**
 * An API key of the local owner: the one in the credentials file if it is valid, or a new one. Only the user can read the
 * file.
 */
export async function ensureOwnerKey(file: string, baseUrl: string, databaseUrl: string): Promise<string> {
  const apiKey = (await readValidKey(file, baseUrl)) ?? (await issueOwnerKey(databaseUrl));
  await writeFile(file, `${JSON.stringify({ baseUrl, apiKey }, null, 2)}\n`, { mode: 0o600 });
  // The mode above applies to a new file only.
  await chmod(file, 0o600);
  return apiKey;
}

async function readValidKey(file: string, baseUrl: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch(() => 'null');
  const stored = credentialsSchema.safeParse(parseJson(text));
  if (!stored.success) return null;
  const headers = { authorization: `Bearer ${stored.data.apiKey}` };
  const answer = await fetch(`${baseUrl}/api/v1/jobs?limit=1`, { headers });
  return answer.status === 401 ? null : stored.data.apiKey;
}

/** Makes an example person, who signs in with a browser, an owner of a portfolio. */
export async function addExampleOwner(databaseUrl: string, issuer: string, slug: string): Promise<void> {
  await withDatabase(databaseUrl, async ({ db }) => {
    const example = { issuer, subject: 'alex', isDefault: false };
    const personId = await identifyPerson(db, example, new Date());
    const [found] = await db
      .select({ portfolioId: portfolios.id })
      .from(portfolios)
      .where(eq(portfolios.slug, slug));
    await db
      .insert(members)
      .values({ ...found!, personId, role: 'owner' })
      .onConflictDoNothing();
  });
}

function issueOwnerKey(databaseUrl: string): Promise<string> {
  return withDatabase(databaseUrl, async ({ db }) => {
    const { secret } = await issueApiKey(db, {
      name: 'Local owner',
      personId: await personBySubject(db, 'local-owner'),
      scopes: roleScopes.owner.slice(),
      expiresAt: null,
    });
    return secret;
  });
}

async function withDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const applicationName = 'portfolio-dev';
  const log = createLog(applicationName, 'warn');
  const database = openDatabase({ url, poolSize: 1, applicationName, log });
  try {
    return await work(database);
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
