import { AppError } from '@portfolio/core/errors';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

type Strings = Record<string, unknown>;

/**
 * How the input of an operation is gathered from a request: path, query and body, each field from one place.
 * A query string knows only text, so numbers and booleans are read by the type that the field asks for.
 */
export function createReadInput(schema: z.ZodObject) {
  const types = new Map(Object.entries(schema.shape).map(([name, field]) => [name, jsonType(field)]));

  function readText(name: string, value: unknown): unknown {
    const type = types.get(name);
    if (typeof value !== 'string') return value;
    if (type === 'integer' || type === 'number') return value.trim() === '' ? value : toNumber(value);
    if (type === 'boolean') return value === 'true' || (value === 'false' ? false : value);
    return value;
  }

  return (request: FastifyRequest): Strings => {
    const query = Object.entries(request.query as Strings).map(([name, value]) => [
      name,
      readText(name, value),
    ]);
    const params = request.params as Strings;
    const given: Strings = { ...Object.fromEntries(query), ...readBody(request.body) };
    const twice = Object.keys(params).find((name) => name in given);
    if (twice !== undefined) {
      throw new AppError(
        'invalid_input',
        `"${twice}" is given by the path; leave it out of query and body.`,
        {
          fields: [{ pointer: `/${twice}`, detail: 'Given by the path already.' }],
        },
      );
    }
    return { ...given, ...params };
  };
}

function readBody(body: unknown): Strings {
  if (body === undefined || body === null) return {};
  if (Buffer.isBuffer(body)) return { bytes: body.toString('base64') };
  if (typeof body === 'object' && !Array.isArray(body)) return body as Strings;
  throw new AppError('invalid_input', 'Expected a JSON object as the body.');
}

function toNumber(value: string): unknown {
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}

function jsonType(field: z.core.$ZodType): unknown {
  return z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' }).type;
}
