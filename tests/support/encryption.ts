/** The value of ENCRYPTION_KEYS for these keys, each of which consists of one byte. */
export const encryptionKeys = (current: string, bytes: Record<string, number>) => {
  const keys = Object.entries(bytes).map(([id, byte]) => [id, Buffer.alloc(32, byte).toString('base64')]);
  return JSON.stringify({ current, keys: Object.fromEntries(keys) as Record<string, string> });
};

/** The keys of all programs in tests and benchmarks. */
export const testEncryption = { ENCRYPTION_KEYS: encryptionKeys('test', { test: 1 }) };
