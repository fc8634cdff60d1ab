import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/** The document of the API as it is committed. */
export const documentFile = new URL('../../openapi.json', import.meta.url);
const typesFile = new URL('../../openapi.d.ts', import.meta.url);

/**
 * Writes the types of a client of the committed document (`paths` of openapi-fetch) to openapi.d.ts, which git ignores;
 * does nothing where they are there already.
 */
export async function writeTypes(): Promise<void> {
  const document = await readFile(documentFile, 'utf8');
  const head = `// Made of openapi.json, whose SHA-256 is ${createHash('sha256').update(document).digest('hex')}.`;
  const present = await readFile(typesFile, 'utf8').catch(() => '');
  if (present.startsWith(head)) return;
  // Brings the compiler of TypeScript, which takes long to load.
  const { default: openapiTypescript, astToString } = await import('openapi-typescript');
  const types = astToString(await openapiTypescript(document));
  await writeFile(typesFile, `${head}\n\n${types}`);
}
