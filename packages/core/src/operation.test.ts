import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type Actor, anonymous } from './actor.ts';
import type { Ctx, Services } from './context.ts';
import { operation, streamOperation } from './operation.ts';

const reader: Actor = { kind: 'user', id: 'reader', scopes: ['job:read'], expiresAt: null };
const writer: Actor = { ...reader, scopes: ['job:write'] };
const as = (actor: Actor): Ctx => ({ ...({} as Services), actor, signal: new AbortController().signal });

const run = vi.fn<(ctx: Ctx, input: { count: number }) => Promise<{ doubled: number; secret: string }>>(
  async (_ctx, { count }) => ({ doubled: 2 * count, secret: 'x' }),
);
const double = operation({
  name: 'test.double',
  kind: 'query',
  summary: '',
  scope: 'job:read',
  public: false,
  input: z.strictObject({ count: z.int().max(9), 'a/b~c': z.array(z.string()).optional() }),
  output: z.object({ doubled: z.number() }),
  tenant: 'none',
  run,
});

test('returns only the fields of the output schema', async () => {
  expect(await double.run(as(reader), { count: 2 })).toEqual({ doubled: 4 });
});

test('an unauthorized caller is refused before the input is read', async () => {
  run.mockClear();
  const bad = { count: 'many' } as unknown as { count: number };
  await expect(double.run(as(anonymous), bad)).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(double.run(as(writer), bad)).rejects.toMatchObject({ code: 'forbidden' });
  expect(run).not.toHaveBeenCalled();
});

test('a caller without a scope of what is shown is refused before the input is read, and told all of them', async () => {
  const shown = operation({
    name: 'test.shown',
    kind: 'query',
    summary: '',
    scope: 'job:read',
    shows: ['case-study:read', 'job:read'],
    public: false,
    tenant: 'none',
    input: z.strictObject({}),
    output: z.null(),
    run: async () => null,
  });
  const bad = { extra: 1 } as unknown as Record<string, never>;
  await expect(shown.run(as(reader), bad)).rejects.toMatchObject({
    code: 'forbidden',
    message: 'test.shown requires the scope case-study:read, which this credential does not have.',
  });
  await expect(shown.run(as(anonymous), bad)).rejects.toThrow('with the scopes job:read, case-study:read.');
});

const refusal = (input: object) =>
  double.run(as(reader), input as { count: number }).then(
    () => Promise.reject(new Error('It was accepted.')),
    (error: unknown) => error,
  );

describe('invalid input', () => {
  test('is refused with a JSON pointer to each field that is wrong', async () => {
    expect(await refusal({ count: 10, 'a/b~c': ['x', 1], extra: true })).toMatchObject({
      code: 'invalid_input',
      fields: [
        { pointer: '/count', detail: 'Expected at most 9.' },
        { pointer: '/a~1b~0c/1', detail: 'Expected a string, not a number.' },
        { pointer: '/extra', detail: 'There is no such field.' },
      ],
    });
  });

  test('gets at most 20 field errors', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`field${at}`, at]));
    const error = (await refusal(many)) as { message: string; fields: unknown[] };
    expect(error.fields).toHaveLength(20);
    expect(error.message.length).toBeLessThan(2000);
  });

  test.each([null, undefined])('includes %s where fields are required', async (input) => {
    expect(await refusal(input as unknown as object)).toMatchObject({ fields: [{ pointer: '/count' }] });
  });
});

test('a stream checks the actor and the input before its first item, and parses every item', async () => {
  const count = streamOperation({
    name: 'test.count',
    summary: '',
    scope: 'job:read',
    public: false,
    input: z.strictObject({}),
    output: z.number().max(1),
    tenant: 'none',
    async open(_ctx, _input, _tenant, receiver) {
      receiver.item({ cursor: 'a', data: 1 });
      receiver.item({ cursor: 'b', data: 2 });
      return { resume() {}, close() {} };
    },
  });
  await expect(count.run(as(anonymous), {})).rejects.toMatchObject({ code: 'unauthenticated' });
  const extra: object = { extra: 1 };
  await expect(count.run(as(reader), extra as Record<string, never>)).rejects.toMatchObject({
    code: 'invalid_input',
  });
  const items = await count.run(as(reader), {});
  expect(await items.next()).toEqual({ done: false, value: { cursor: 'a', data: 1 } });
  await expect(items.next()).rejects.toThrow(z.ZodError);
});
