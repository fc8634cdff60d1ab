import { z } from 'zod';

/**
 * A reader of JSON from the database, as any earlier version wrote it, in the current shape of the schema. Added fields
 * get their default, or null if nullable; a new field that is neither nullable nor optional needs `.default(…)`.
 * Removed fields are dropped, and limits are not checked. `stored-forms.json` has every form ever written, for tests.
 *
 * With `refusesUnknown`, a field that the schema does not have is an error, not dropped: for instructions, of which
 * nothing may be ignored. A field that such a schema no longer needs stays in it as optional.
 */
export function readerOf<Schema extends z.ZodType>(
  schema: Schema,
  { refusesUnknown = false } = {},
): (stored: unknown) => z.output<Schema> {
  const object = (fields: Record<string, z.ZodType>) =>
    refusesUnknown ? z.strictObject(fields) : z.object(fields);
  const tolerant = loosen(schema, object);
  return (stored) => tolerant.parse(stored) as z.output<Schema>;
}

function loosen(
  schema: z.core.$ZodType,
  object: (fields: Record<string, z.ZodType>) => z.ZodType,
): z.ZodType {
  const inner = (one: z.core.$ZodType) => loosen(one, object);
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).map(([name, field]) => [name, inner(field)] as const);
    return object(Object.fromEntries(fields));
  }
  if (schema instanceof z.ZodArray) return z.array(inner(schema.element));
  if (schema instanceof z.ZodUnion) return z.union(schema.options.map(inner));
  if (schema instanceof z.ZodDefault) return inner(schema.unwrap()).default(schema.def.defaultValue as never);
  if (schema instanceof z.ZodNullable) return inner(schema.unwrap()).nullable().default(null);
  if (schema instanceof z.ZodOptional) return inner(schema.unwrap()).optional();
  if (schema instanceof z.ZodType && schema.def.type === 'string') return z.string();
  if (schema instanceof z.ZodType && schema.def.type === 'number') return z.number();
  return schema as z.ZodType;
}
