import { z } from 'zod';

/**
 * A reader of JSON from the database, as any earlier version wrote it, in the current shape of the schema. Added fields
 * get their default, or null if nullable; a new field that is neither nullable nor optional needs `.default(…)`.
 * Removed fields are dropped, and limits are not checked. `stored-forms.json` has every form ever written, for tests.
 */
export function readerOf<Schema extends z.ZodType>(schema: Schema): (stored: unknown) => z.output<Schema> {
  const tolerant = loosen(schema);
  return (stored) => tolerant.parse(stored) as z.output<Schema>;
}

function loosen(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).map(([name, field]) => [name, loosen(field)] as const);
    return z.object(Object.fromEntries(fields));
  }
  if (schema instanceof z.ZodArray) return z.array(loosen(schema.element));
  if (schema instanceof z.ZodUnion) return z.union(schema.options.map(loosen));
  if (schema instanceof z.ZodDefault)
    return loosen(schema.unwrap()).default(schema.def.defaultValue as never);
  if (schema instanceof z.ZodNullable) return loosen(schema.unwrap()).nullable().default(null);
  if (schema instanceof z.ZodOptional) return loosen(schema.unwrap()).optional();
  if (schema instanceof z.ZodType && schema.def.type === 'string') return z.string();
  if (schema instanceof z.ZodType && schema.def.type === 'number') return z.number();
  return schema as z.ZodType;
}
