/**
 * `npm run openapi`: writes the OpenAPI document, the types for clients that are generated from it, docs/operations.md, and
 * the metrics in docs/telemetry.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { withMetrics } from '../metrics-table.ts';
import { describeApi } from './openapi.ts';
import type { Document } from './openapi-document.ts';
import { documentFile, writeTypes } from './openapi-types.ts';
import { describeOperations } from './operations-table.ts';

export const operationsFile = new URL('../../../../docs/operations.md', import.meta.url);
export const telemetryFile = new URL('../../../../docs/telemetry.md', import.meta.url);

/** The text of the committed file. */
export const formatDocument = (document: Document) => `${JSON.stringify(document, null, 2)}\n`;

if (import.meta.main) {
  const document = describeApi();
  await writeFile(documentFile, formatDocument(document));
  await writeFile(operationsFile, describeOperations(document));
  await writeFile(telemetryFile, withMetrics(await readFile(telemetryFile, 'utf8')));
  await writeTypes();
}
