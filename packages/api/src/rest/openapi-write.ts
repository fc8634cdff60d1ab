/**
 * `npm run openapi`: writes the document of the API as it is now, the types of clients made of it, and docs/operations.md. With
 * `-- --release` it also writes what later documents are held against, since clients may rely on it from then on.
 */
import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { createLog } from '@portfolio/core/runtime/log';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import openapiTypescript, { type OpenAPI3, astToString } from 'openapi-typescript';
import { buildServer } from '../server.ts';
import type { Document } from './openapi-document.ts';
import { describeOperations } from './operations-table.ts';

const folder = new URL('../../', import.meta.url);

export const files = {
  document: new URL('openapi.json', folder),
  released: new URL('openapi-released.json', folder),
  types: new URL('openapi.d.ts', folder),
  operations: new URL('../../docs/operations.md', folder),
};

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

/** The text of a module with the types of a document, for `openapi-fetch`. */
export async function typesOf(document: Document): Promise<string> {
  const nodes = await openapiTypescript(structuredClone(document) as unknown as OpenAPI3);
  return `// Written by \`npm run openapi\`.\n\n${astToString(nodes)}`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { release: { type: 'boolean', default: false } } });
  const { document, text } = await describeApi();
  await writeFile(files.document, text);
  await writeFile(files.types, await typesOf(document));
  await writeFile(files.operations, describeOperations(document));
  if (values.release) await writeFile(files.released, text);
}
