import { errorCodes } from '@portfolio/core/errors';
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { operationsFile } from './rest/openapi-write.ts';
import { describeApi } from './rest/openapi.ts';
import { describeOperations } from './rest/operations-table.ts';

let text: string;
beforeAll(async () => {
  text = await readFile(new URL('../../../docs/api.md', import.meta.url), 'utf8');
});

const rowsOf = (columns: number) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
    .filter((cells) => cells.length === columns);

test('docs/operations.md lists every operation with its route (to update it: npm run openapi)', async () => {
  expect(await readFile(operationsFile, 'utf8')).toBe(describeOperations(describeApi()));
});

test('docs/api.md lists every kind of problem with its status', () => {
  const explained = rowsOf(3)
    .filter(([code = '']) => code in errorCodes)
    .map(([code, status]) => [code, Number(status)]);
  const codes = Object.entries(errorCodes).map(([code, { status }]) => [code, status]);
  expect(Object.fromEntries(explained)).toEqual(Object.fromEntries(codes));
});
