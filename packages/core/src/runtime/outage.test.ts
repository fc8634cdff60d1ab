import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { AppError } from '../errors.ts';
import { toOutage } from './outage.ts';

const withCode = (code: string) => Object.assign(new Error('secret.internal:5432'), { code });
const named = (name: string) => Object.assign(new Error('secret.internal:9000'), { name });

describe('an outage', () => {
  test.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'ENOTFOUND',
    'CONNECTION_CLOSED',
    'CONNECTION_ENDED',
    'CONNECTION_DESTROYED',
    'CONNECT_TIMEOUT',
    '57P01',
    '57P02',
    '57P03',
    '53100',
    '53300',
    '58030',
    '08000',
    '08006',
    '08P01',
    '28000',
    '28P01',
    '25006',
    'NO_CONNECTION',
  ])('is recognized by %s, also as the cause of another error', (code) => {
    const error = withCode(code);
    for (const thrown of [error, new DrizzleQueryError('select 1', [], error)]) {
      const outage = toOutage(thrown);
      expect(outage).toMatchObject({ code: 'unavailable', cause: thrown });
      expect(outage!.message).not.toContain('secret');
    }
  });

  test.each(['TimeoutError', 'SlowDown', 'ServiceUnavailable'])(
    'is recognized by the AWS error %s',
    (name) => {
      expect(toOutage(named(name))).toMatchObject({ code: 'unavailable' });
    },
  );

  test.each([
    ['a statement that is wrong', withCode('42P01')],
    ['a value that is taken', withCode('23505')],
    ['a bug', new TypeError('x is not a function')],
    ['an expected error', new AppError('conflict', 'Taken.', { cause: withCode('ECONNRESET') })],
    ['a value that is not an error', 'ECONNREFUSED'],
    ['nothing', undefined],
  ])('is not %s', (_, thrown) => {
    expect(toOutage(thrown)).toBeNull();
  });

  test('is not searched for endlessly in an error that is its own cause', () => {
    const error = new Error('one');
    error.cause = error;
    expect(toOutage(error)).toBeNull();
  });
});
