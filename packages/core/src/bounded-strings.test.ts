import { z } from 'zod';
import { expect, test } from 'vitest';
import { allOperations } from './index.ts';

/** All strings within a schema, by path. */
function* stringsOf(schema: z.core.$ZodType, path: string): Generator<[path: string, z.ZodString]> {
  if (schema instanceof z.ZodString) yield [path, schema];
  else if (schema instanceof z.ZodObject)
    for (const [name, field] of Object.entries(schema.shape)) yield* stringsOf(field, `${path}.${name}`);
  else if (schema instanceof z.ZodArray) yield* stringsOf(schema.element, `${path}[]`);
  else if (schema instanceof z.ZodUnion) for (const one of schema.options) yield* stringsOf(one, path);
  else if (schema instanceof z.ZodPipe) yield* stringsOf(schema.in, path);
  else if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault
  )
    yield* stringsOf(schema.unwrap(), path);
}

const strings = allOperations.flatMap(({ name, input }) => [...stringsOf(input, name)]);

test('no pattern is applied to a string that is too long, in any input', () => {
  const unbounded = strings.filter(([, schema]) => {
    const checks = (schema.def.checks ?? []).map(({ _zod: { def } }) => def);
    const bound = checks.findIndex(({ check, abort }) => check === 'max_length' && abort === true);
    const pattern = checks.findIndex(({ check }) => check === 'string_format' || check === 'overwrite');
    return pattern !== -1 && (bound === -1 || bound > pattern);
  });
  expect(strings.length).toBeGreaterThan(100);
  expect(unbounded.map(([path]) => path)).toEqual([]);
});

test('an overlong name is refused by its length, not by an overflow of the stack', () => {
  const [, slug] = strings.find(([path]) => path === 'caseStudy.create.slug')!;
  const { error } = slug.safeParse(`${'a-'.repeat(4_000_000)}!`);
  expect(error!.issues.map(({ code }) => code)).toEqual(['too_big']);
});
