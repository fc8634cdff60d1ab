import type { AnyOperation, Operation, StreamOperation } from '@portfolio/core/operation';
import type { RouteOptions } from 'fastify';
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { type Binding, json, mediaTypesOf } from './binding.ts';
import { problemSchema } from './problems.ts';

type Answer = { description: string; content: Record<string, { schema: z.ZodType }> };

type Described = Pick<RouteOptions, 'url' | 'schema'>;

/** The address of an operation's route, and its schema for the OpenAPI document. */
export function describeRoute<O extends z.ZodType>(
  operation: Operation<'query' | 'mutation', z.ZodObject, O>,
  binding: Binding<z.output<O>>,
): Described {
  const { status = 200, otherwise } = binding;
  const success = answer(STATUS_CODES[status]!, json, operation.output);
  for (const type of mediaTypesOf(binding)) success.content[type] ??= { schema: z.string() };
  return describe(operation, binding, {
    [status]: success,
    ...(otherwise && { [otherwise.status]: answer(STATUS_CODES[otherwise.status]!, json, operation.output) }),
  });
}

/** The same for a stream, which is sent as server-sent events. */
export function describeStream(operation: StreamOperation, path: string): Described {
  const item = operation.output.meta()?.id ?? 'item';
  const description = `Server-sent events: \`data\` is a ${item} in JSON, \`id\` the cursor to resume from.`;
  return describe(
    operation,
    { method: 'GET', path },
    { 200: answer(description, 'text/event-stream', z.string()) },
  );
}

function answer(description: string, mediaType: string, schema: z.ZodType): Answer {
  return { description, content: { [mediaType]: { schema } } };
}

const refusal = answer(
  'The request was refused, with the reason.',
  'application/problem+json',
  problemSchema,
);
const failure = answer('The server failed. Retry the request.', 'application/problem+json', problemSchema);

function describe(
  { name, summary, scope, public: isPublic, input }: AnyOperation,
  { method, path, consumes, deprecated }: Pick<Binding<never>, 'method' | 'path' | 'consumes' | 'deprecated'>,
  success: Record<number, Answer>,
): Described {
  const { inPath, rest } = splitInput(input, path);
  const hasPath = Object.keys(inPath.shape).length > 0;
  const hasRest = Object.keys(rest.shape).length > 0;
  return {
    url: `/api/v1${path}`,
    schema: {
      operationId: name.replace('.', '_'),
      summary,
      description: `Scope: \`${scope}\`${isPublic ? '; not needed for published resources' : ''}.`,
      ...(deprecated && { deprecated: true }),
      tags: [name.split('.')[0]!],
      security: [...(isPublic ? [{}] : []), { bearer: [scope] }],
      ...(hasPath && { params: inPath }),
      ...(hasRest && method === 'GET' && { querystring: rest }),
      ...(hasRest && method !== 'GET' && !consumes && { body: rest }),
      ...(consumes && { consumes, body: z.string().meta({ format: 'binary' }) }),
      response: { ...success, '4XX': refusal, '5XX': failure },
    },
  };
}

/** The fields of an input that are parameters of the path, and those of the query or the body. */
function splitInput(input: z.ZodObject, path: string) {
  const names = new Set([...path.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter!));
  const fields = Object.entries(input.shape);
  const inPath = fields.filter(([field]) => names.has(field));
  // The expected version is sent in the header If-Match.
  const rest = fields.filter(([field]) => !names.has(field) && field !== 'expectedVersion');
  return { inPath: z.object(Object.fromEntries(inPath)), rest: z.strictObject(Object.fromEntries(rest)) };
}
