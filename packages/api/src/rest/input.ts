import { AppError, invalidInput } from '@portfolio/core/errors';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hasBody } from './bodies.ts';
import { readExpectedVersion } from './conditions.ts';

type Strings = Record<string, unknown>;

/**
 * Returns a function that reads the input of an operation from the path, the query (GET) or the body (other methods), and
 * If-Match. Text of the path and the query is converted to the type of its field. With `takesBytes`, the body is not JSON
 * but the field `bytes`. Throws `invalid_input` for a field in the wrong place.
 */
export function createReadInput(schema: z.ZodObject, takesBytes = false) {
  const types = new Map(Object.entries(schema.shape).map(([name, field]) => [name, jsonType(field)]));

  function readText(name: string, value: unknown): unknown {
    const type = types.get(name);
    if (typeof value !== 'string') return value;
    if (type === 'integer' || type === 'number') return value.trim() === '' ? value : toNumber(value);
    if (type === 'array') return [value];
    if (type === 'boolean') return value === 'true' || (value === 'false' ? false : value);
    return value;
  }

  function readTexts(texts: Strings): Strings {
    return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, readText(name, value)]));
  }

  return (request: FastifyRequest): Strings => {
    const query = request.query as Strings;
    const params = request.params as Strings;
    const takesQuery = request.method === 'GET' || request.method === 'HEAD';
    const expectedVersion = types.has('expectedVersion') ? readExpectedVersion(request.headers) : undefined;
    if (!takesQuery) refuse(Object.keys(query), 'Send this field in the body, not in the query.');
    const given = takesQuery ? readTexts(query) : readBody(request, takesBytes);
    refuse(
      Object.keys(params).filter((name) => Object.hasOwn(given, name)),
      'This field is part of the path. Remove it from the query or the body.',
    );
    if ('expectedVersion' in given)
      refuse(['expectedVersion'], 'Send the version as an ETag in the header If-Match.');
    return { ...given, ...readTexts(params), ...(expectedVersion !== undefined && { expectedVersion }) };
  };
}

function refuse([name]: string[], detail: string) {
  if (name === undefined) return;
  throw invalidInput([{ pointer: `/${name}`, detail }]);
}

function readBody({ body, headers }: FastifyRequest, takesBytes: boolean): Strings {
  // Fastify returns null both for a missing body and for the JSON `null`.
  if (body === undefined || !hasBody(headers)) return {};
  if (Buffer.isBuffer(body) !== takesBytes && body !== null) {
    const expected = takesBytes ? 'an image (image/png or image/jpeg)' : 'application/json';
    throw new AppError('unsupported_media_type', `Expected ${expected} as the body.`);
  }
  if (Buffer.isBuffer(body)) return { bytes: body.toString('base64') };
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Strings;
  throw new AppError('invalid_input', 'Expected a JSON object as the body.');
}

function toNumber(value: string): unknown {
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}

function jsonType(field: z.core.$ZodType): unknown {
  return z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' }).type;
}
