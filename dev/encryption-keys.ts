import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

/**
 * The setting for the keys in a file, which is created if missing, readable for its owner only. What is encrypted with them
 * is lost with the file.
 */
export async function encryptionSettings(file: string): Promise<{ ENCRYPTION_KEYS: string }> {
  const stored = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (stored !== null) return { ENCRYPTION_KEYS: stored.trim() };
  const keys = JSON.stringify({ current: 'k1', keys: { k1: randomBytes(32).toString('base64') } });
  // In one step: an interrupted start must leave no half of a file.
  await writeFile(`${file}.new`, keys, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return { ENCRYPTION_KEYS: keys };
}
