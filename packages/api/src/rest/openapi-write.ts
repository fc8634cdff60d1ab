/**
 * `npm run openapi`: writes the document of the API as it is now, the types of a client made of it, and
 * docs/operations.md.
 */
import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { createLog } from '@portfolio/core/runtime/log';
import { writeFile } from 'node:fs/promises';
import { buildServer } from '../server.ts';
import type { Document } from './openapi-document.ts';
import { documentFile, writeTypes } from './openapi-types.ts';
import { describeOperations } from './operations-table.ts';

export const operationsFile = new URL('../../../../docs/operations.md', import.meta.url);

/** The document that a server of this code sends, and its text as it is committed. */
export async function describeApi(): Promise<{ document: Document; text: string }> {
  const server = await buildServer({
    // Describing runs nothing.
    services: { published: { onChange() {} } } as unknown as Services,
    authenticate: async () => anonymous,
    dependencies: {},
    log: createLog('openapi', 'silent'),
  });
  const document = (await server.inject('/api/openapi.json')).json<Document>();
  await server.close();
  return { document, text: `${JSON.stringify(document, null, 2)}\n` };
}

if (import.meta.main) {
  const { document, text } = await describeApi();
  await writeFile(documentFile, text);
  await writeFile(operationsFile, describeOperations(document));
  await writeTypes();
}
