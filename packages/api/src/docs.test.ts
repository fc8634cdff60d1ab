import { operations } from '@portfolio/core';
import { errorCodes } from '@portfolio/core/errors';
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import document from '../openapi.json' with { type: 'json' };

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

test('the page lists every operation as it is bound, and no other', () => {
  const routes = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [
        (operationId as string).replace('_', '.'),
        `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
      ]),
    ),
  );
  const expected = Object.values(operations)
    .flatMap((verbs) => Object.values(verbs))
    .map(({ name, scope, public: isPublic }) => [name, routes.get(name), scope, isPublic ? 'yes' : '']);
  expect(rowsOf(4).slice(2)).toEqual(expected);
});

test('the page explains every kind of problem with its status', () => {
  const explained = rowsOf(3)
    .filter(([code = '']) => code in errorCodes)
    .map(([code, status]) => [code, Number(status)]);
  const codes = Object.entries(errorCodes).map(([code, { status }]) => [code, status]);
  expect(Object.fromEntries(explained)).toEqual(Object.fromEntries(codes));
});
