import { createClient } from '@portfolio/api/client';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { testApi } from '../../tests/support/api.ts';
import { testFolder } from '../../tests/support/folder.ts';
import { type Change, importFolder } from './import-folder.ts';

type Files = Record<string, string | Buffer>;

/** An API with an owner, and helpers to import folders. */
export async function startImportTest() {
  const server = await testApi();
  const api = createClient({ baseUrl: server.baseUrl, apiKey: await server.issueKey('owner') });

  async function importChanges(folder: string, options: { dryRun?: boolean } = {}): Promise<Change[]> {
    const changes: Change[] = [];
    await importFolder(api, folder, (change) => changes.push(change), options);
    return changes;
  }

  return {
    server,
    api,
    anonymous: createClient({ baseUrl: server.baseUrl }),
    newFolder: async (files: Files) => addFiles(await testFolder(), files),
    importChanges,
    /** Imports, and resolves to a line for each item, such as "created metric latency". */
    importLines: async (folder: string, options?: { dryRun?: boolean }) =>
      (await importChanges(folder, options)).map(({ what, change }) => `${change} ${what}`),
  };
}

export type ImportTest = Awaited<ReturnType<typeof startImportTest>>;

/** Writes files into a folder and resolves to it. */
export async function addFiles(folder: string, files: Files): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

export const portfolioText = (slug: string, name = 'Team') =>
  `---\nslug: ${slug}\nname: ${name}\n---\nWhat we do.\n`;

/** The smallest PNG there is: one transparent pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
