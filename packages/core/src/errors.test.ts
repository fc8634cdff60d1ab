import { expect, test } from 'vitest';
import { AppError, toProblem } from './errors.ts';

test('the problem of an AppError has its text and fields, but not its cause', () => {
  const fields = [{ pointer: '/slug', detail: 'Too long.' }];
  const error = new AppError('invalid_input', 'The slug is too long.', {
    fields,
    cause: new Error('secret'),
  });
  expect(toProblem(error)).toEqual({
    type: '/api/problems/invalid_input',
    title: 'Invalid input',
    status: 422,
    detail: 'The slug is too long.',
    code: 'invalid_input',
    errors: fields,
  });
});

test.each([new Error('secret'), { code: 'not_found', message: 'secret' }, 'secret', null, undefined])(
  'any other thrown value (%s) becomes internal and reveals nothing',
  (thrown) => {
    const problem = toProblem(thrown);
    expect(problem).toMatchObject({ code: 'internal', status: 500 });
    expect(JSON.stringify(problem)).not.toContain('secret');
  },
);
