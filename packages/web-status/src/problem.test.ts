import { TRPCClientError } from '@trpc/client';
import { expect, test } from 'vitest';
import { describeProblem, isTemporary, problemCode } from './problem.ts';

function refusal(code: string, detail: string) {
  const data = { code: 'X', httpStatus: 400, problem: { code, detail } };
  return TRPCClientError.from({ error: { code: -32_000, message: detail, data } });
}

test('a refusal is told in the words of the API and is final', () => {
  const error = refusal('not_found', 'There is no job "job_1".');
  expect(problemCode(error)).toBe('not_found');
  expect(describeProblem(error)).toBe('There is no job "job_1".');
  expect(isTemporary(error)).toBe(false);
});

test.each(['internal', 'unavailable'])('a server in trouble (%s) may be asked again', (code) => {
  expect(isTemporary(refusal(code, 'The request failed.'))).toBe(true);
});

test.each([
  ['a connection that fails', new TypeError('Failed to fetch')],
  ['a proxy that answers with a page', new SyntaxError('Unexpected token <')],
])('%s reads as a server that could not be reached, and may be asked again', (_, cause) => {
  const error = TRPCClientError.from(cause);
  expect(problemCode(error)).toBeUndefined();
  expect(describeProblem(error)).toContain('could not be reached');
  expect(isTemporary(error)).toBe(true);
});
