import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { inRepository } from '../../../../dev/repository.ts';
import { startChild } from '../../../../tests/support/child.ts';
import { newSpanContext } from '../telemetry/trace.ts';
import { readXrayHeader, writeXrayHeader } from './xray-header.ts';

const root = '65f0c1a2000000000000000a';
const parent = '00f067aa0ba902b7';

test('a place in a trace is the same after it was written for AWS and read again', () => {
  const place = { ...newSpanContext(), traceFlags: 1 };
  expect(writeXrayHeader(place)).toMatch(/^Root=1-[\da-f]{8}-[\da-f]{24};Parent=[\da-f]{16};Sampled=1$/);
  expect(readXrayHeader(writeXrayHeader(place))).toEqual({ ...place, isRemote: true });
});

test('what AWS adds to the header is read past, and a request that nobody sampled is none the less found', () => {
  const header = `Self=1-67891234-abcdef012345678912345678;Root=1-65f0c1a2-${root};Parent=${parent};Sampled=0;Lineage=a:0`;
  expect(readXrayHeader(header)).toMatchObject({
    traceId: `65f0c1a2${root}`,
    spanId: parent,
    traceFlags: 0,
  });
});

test.each([
  undefined,
  '',
  'Root=1-65f0c1a2-short;Parent=00f067aa0ba902b7;Sampled=1',
  `Root=1-65f0c1a2-${root}`,
  `Root=1-65f0c1a2-${root};Parent=xx;Sampled=1`,
  `Root=1-00000000-${'0'.repeat(24)};Parent=${parent};Sampled=1`,
  '=;=;Root',
])('a header that names no place in a trace is ignored: %j', (header) => {
  expect(readXrayHeader(header)).toBeUndefined();
});

test('only the utilities of the package of X-Ray are loaded, and not what patches promises', async () => {
  const module = JSON.stringify(inRepository('packages/core/src/runtime/xray-header.ts'));
  const child = await startChild(`
    await import(${module});
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(${module}).cache).filter((path) => path.includes('node_modules'));
    console.log(JSON.stringify(loaded));`);
  const loaded = JSON.parse(child.firstLine) as string[];
  expect(loaded.length).toBeGreaterThan(0);
  expect(loaded.filter((path) => !path.includes('/aws-xray-sdk-core/dist/lib/'))).toEqual([]);
  expect(loaded.filter((path) => /cls-hooked|dist\/lib\/index\.js/.test(path))).toEqual([]);
  const used = await readFile(inRepository('packages/core/src/runtime/xray-header.ts'), 'utf8');
  expect(used.match(/from 'aws-xray-sdk-core[^']*'/g)).toEqual([
    "from 'aws-xray-sdk-core/dist/lib/utils.js'",
  ]);
});
