/** A body, in parts that are written one after the other. */
export type Body = { type: string; parts: () => Buffer[] };

const mebibyte = 1024 * 1024;
const partBytes = 64 * 1024;
/** Below 8 MiB, the most that an operation accepts. */
const nestedLevels = 3_900_000;
const keyCount = 600_000;
const fileBytes = 100 * mebibyte;

const json = (text: () => string): Body => ({ type: 'application/json', parts: () => split(text()) });

export const nested = json(() => '['.repeat(nestedLevels) + ']'.repeat(nestedLevels));

export const manyKeys = json(() => {
  const members = Array.from({ length: keyCount }, (_, at) => `"k${at}":1`);
  return `{${members.join()}}`;
});

export const manyObjects = json(() => `[${'{},'.repeat(2_500_000)}{}]`);

export const png: Body = { type: 'image/png', parts: () => zeros(fileBytes) };

export const octets: Body = { type: 'application/octet-stream', parts: () => zeros(fileBytes) };

const boundary = '----boundary';
const fileHead = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n`;

export const multipart: Body = {
  type: `multipart/form-data; boundary=${boundary}`,
  parts: () => [Buffer.from(fileHead), ...zeros(fileBytes), Buffer.from(`\r\n--${boundary}--\r\n`)],
};

function split(text: string): Buffer[] {
  const whole = Buffer.from(text);
  const count = Math.ceil(whole.length / partBytes);
  return Array.from({ length: count }, (_, at) => whole.subarray(at * partBytes, (at + 1) * partBytes));
}

function zeros(bytes: number): Buffer[] {
  const part = Buffer.alloc(partBytes);
  return Array.from({ length: bytes / partBytes }, () => part);
}
