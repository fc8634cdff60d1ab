/** Random bytes, in hexadecimal digits. (`crypto.randomUUID` is missing in pages that were loaded over plain HTTP.) */
export function newHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
