/**
 * `npm run openapi`: writes the OpenAPI document, the types for clients that are generated from it, and
 * docs/operations.md.
 */
import { writeFile } from 'node:fs/promises';
import { describeApi } from './openapi.ts';
import type { Document } from './openapi-document.ts';
import { documentFile, writeTypes } from './openapi-types.ts';
import { describeOperations } from './operations-table.ts';

export const operationsFile = new URL('../../../../docs/operations.md', import.meta.url);

/** The text of the committed file. */
export const formatDocument = (document: Document) => `${JSON.stringify(document, null, 2)}\n`;

if (import.meta.main) {
  const document = describeApi();
  await writeFile(documentFile, formatDocument(document));
  await writeFile(operationsFile, describeOperations(document));
  await writeTypes();
}
