import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { largestInputBytes } from '@portfolio/core/operation';
import { type Document, type Reference, type Schema, schemaRef } from './openapi-document.ts';

type Schemas = Pick<Document, 'components'>;

/**
 * Converts the schema of an input or an output to JSON Schema. Schemas with a name (`.meta({ id })`) are added to the
 * components of the document and referenced.
 */
export function toSchema(document: Schemas, schema: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema: _, $defs: named = {}, ...root } = z.toJSONSchema(schema, { io });
  const text = JSON.stringify({ root, named }).replaceAll('"#/$defs/', `"${schemaRef('').$ref}`);
  const converted = JSON.parse(text, (_key, part: unknown) => completeValue(part, io)) as {
    root: Schema;
    named: Record<string, Schema>;
  };
  for (const [name, found] of Object.entries(converted.named)) addSchema(document, name, found);
  return converted.root;
}

/** As `toSchema`, for a body. A page is named for its items; any other schema without a name gets the given one. */
export function toBodySchema(
  document: Schemas,
  schema: z.ZodType,
  io: 'input' | 'output',
  name: string,
): Reference {
  const converted = toSchema(document, schema, io);
  if (converted.$ref) return { $ref: converted.$ref };
  return addSchema(document, pageName(converted) ?? name, converted);
}

function addSchema({ components: { schemas } }: Schemas, name: string, schema: Schema): Reference {
  schemas[name] ??= schema;
  if (isDeepStrictEqual(schemas[name], schema)) return schemaRef(name);
  throw new Error(
    `Two different schemas of the API are named ${name}. Rename one of them: .meta({ id: '…' }).`,
  );
}

function pageName({ properties }: Schema): string | undefined {
  const item = properties?.items?.items?.$ref?.split('/').at(-1);
  return properties?.nextCursor && item && `${item}Page`;
}

/** Maximum length by format, in characters: RFC 3339 with nanoseconds and offset; URLs that browsers accept. */
const lengthOfFormat: Record<string, number> = { 'date-time': 35, uri: 8192 };

/** Adds the format of integers and the maximum length of strings to a schema. Returns any other value as it is. */
function completeValue(part: unknown, io: 'input' | 'output'): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const schema: Schema = part;
  const types = [schema.type].flat();
  if (types.includes('integer')) schema.format = (schema.maximum ?? Infinity) < 2 ** 31 ? 'int32' : 'int64';
  if (!types.includes('string') || schema.enum || schema.const !== undefined) return schema;
  // No string in a response is longer than the body that it came in. Inputs must declare their limit.
  const length = lengthOfFormat[schema.format ?? ''] ?? (io === 'output' ? largestInputBytes : undefined);
  if (length !== undefined) schema.maxLength ??= length;
  return schema;
}
