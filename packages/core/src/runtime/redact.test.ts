import { expect, test } from 'vitest';
import { createLog } from './log.ts';
import { redact } from './redact.ts';

const key = `pk_${'a1-_'.repeat(11)}`;
const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl-_';

test.each([
  [`GET /jobs?access_token=${key}`, 'GET /jobs?access_token=…'],
  [`GET /jobs?q=${token}&limit=1`, 'GET /jobs?q=eyJ…&limit=1'],
  [`"authorization":"Bearer ${key}"`, '"authorization":"Bearer pk_…"'],
  ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_…'],
  [
    'https://s3.example/a?X-Amz-Date=20261130T000000Z&X-Amz-Signature=0f1e&X-Amz-Credential=AKIA%2Fs3#x',
    'https://s3.example/a?X-Amz-Date=20261130T000000Z&X-Amz-Signature=…&X-Amz-Credential=…#x',
  ],
  ['https://a.example/?sv=1&sig=abc%2B', 'https://a.example/?sv=1&sig=…'],
  [`/api/v1/portfolios/%20${key}`, '/api/v1/portfolios/%20pk_…'],
  [JSON.stringify(`refused:\n${key}`), JSON.stringify('refused:\npk_…')],
  ['/files/a%3Ftoken=abc', '/files/a%3Ftoken=…'],
  ['https://a.example/?TOKEN=abc "next"', 'https://a.example/?TOKEN=… "next"'],
])('%s is logged without its credential', (text, redacted) => {
  expect(redact(text)).toBe(redacted);
});

test.each([
  'https://a.example/?q=key&tag=tokens&limit=5',
  'case-study:read',
  'pk_',
  'eyJ',
  'a key=value pair',
])('%s is logged as it is', (text) => {
  expect(redact(text)).toBe(text);
});

test('every line of the log is redacted, also errors', () => {
  const lines: string[] = [];
  const log = createLog('test', 'info', { write: (line: string) => void lines.push(line) });
  const url = `https://a.example/?token=${key}`;
  log.info({ url }, `fetched ${url}`);
  log.child({ url }).warn({ err: new Error(`failed: ${url}`) }, 'failed');
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line).not.toContain(key);
    expect(JSON.parse(line)).toMatchObject({ url: 'https://a.example/?token=…' });
  }
});
