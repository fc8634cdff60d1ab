import { expect, test } from 'vitest';
import { AppError, invalidInput, maxFieldErrors, toProblem } from './errors.ts';

const traceId = '5f3759df0123456789abcdef01234567';

test('the problem of an AppError has its text and fields, but not its cause', () => {
  const fields = [{ pointer: '/slug', detail: 'Too long.' }];
  const error = new AppError('invalid_input', 'The slug is too long.', {
    fields,
    cause: new Error('secret'),
  });
  expect(toProblem(error, traceId)).toEqual({
    type: '/api/problems/invalid_input',
    title: 'Invalid input',
    status: 422,
    detail: 'The slug is too long.',
    code: 'invalid_input',
    errors: fields,
    traceId,
  });
});

test('an error reports as many fields as its documentation allows, and drops the others', () => {
  const fields = Array.from({ length: 50 }, (_, at) => ({ pointer: `/tags/${at}`, detail: 'Too long.' }));
  const reported = fields.slice(0, maxFieldErrors);
  expect(
    toProblem(new AppError('invalid_input', 'The tags are too long.', { fields }), traceId).errors,
  ).toEqual(reported);
  const { errors, detail } = toProblem(invalidInput(fields), traceId);
  expect(errors).toEqual(reported);
  expect(detail).not.toContain(`/tags/${maxFieldErrors}`);
});

test.each([new Error('secret'), { code: 'not_found', message: 'secret' }, 'secret', null, undefined])(
  'any other thrown value (%s) becomes internal and reveals nothing',
  (thrown) => {
    const problem = toProblem(thrown, traceId);
    expect(problem).toMatchObject({ code: 'internal', status: 500 });
    expect(JSON.stringify(problem)).not.toContain('secret');
  },
);
