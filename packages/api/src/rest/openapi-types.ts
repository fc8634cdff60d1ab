import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/** The committed document of the API. */
export const documentFile = new URL('../../openapi.json', import.meta.url);
const typesFile = new URL('../../openapi.d.ts', import.meta.url);

/**
 * Writes the types for clients (`paths` of openapi-fetch) to openapi.d.ts, which git ignores. Does nothing if the file
 * is up to date with the committed document.
 */
export async function writeTypes(): Promise<void> {
  const document = await readFile(documentFile, 'utf8');
  const head = `// Generated from openapi.json, whose SHA-256 is ${createHash('sha256').update(document).digest('hex')}.`;
  const present = await readFile(typesFile, 'utf8').catch(() => '');
  if (present.startsWith(head)) return;
  // Imported only when needed: it loads the TypeScript compiler, which is slow.
  const { default: openapiTypescript, astToString } = await import('openapi-typescript');
  const types = astToString(await openapiTypescript(document));
  await writeFile(typesFile, `${head}\n\n${types}`);
}
