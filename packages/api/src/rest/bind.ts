import type { Actor } from '@portfolio/core/actor';
import type { Ctx, Services } from '@portfolio/core/context';
import type { Operation, StreamOperation } from '@portfolio/core/operation';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { z } from 'zod';
import type { Authenticate } from '../authenticate.ts';
import { streamEvents } from './event-stream.ts';
import { createReadInput } from './input.ts';
import { problemSchema } from './problems.ts';

type Method = 'GET' | 'POST' | 'PATCH';

type Binding<Output> = {
  method: Method;
  /** Path below `/api/v1`; its parameters are fields of the operation's input. */
  path: string;
  /** The status of success; 200 if nothing is said. */
  status?: number;
  headers?: (output: Output) => Record<string, string>;
  /** Media types of a body that is not JSON but bytes. */
  consumes?: string[];
};

/** Binds operations to routes. A route adds nothing of its own but the names that HTTP has for things. */
export function createBind(app: FastifyInstance, services: Services, authenticate: Authenticate) {
  async function toCtx(request: FastifyRequest): Promise<Ctx> {
    const actor: Actor = await authenticate(request.headers.authorization);
    return { ...services, actor, signal: request.signal };
  }

  return {
    operation<I extends z.ZodObject, O extends z.ZodType>(
      operation: Operation<'query' | 'mutation', I, O>,
      binding: Binding<z.output<O>>,
    ) {
      const { method, status = 200 } = binding;
      const readInput = createReadInput(operation.input);
      app.route({
        ...describe(operation, binding, { [status]: operation.output }),
        method,
        async handler(request, reply) {
          const output = await operation.run(await toCtx(request), readInput(request) as z.input<I>);
          return reply
            .code(status)
            .headers(binding.headers?.(output) ?? {})
            .send(output);
        },
      });
    },

    stream<I extends z.ZodObject, O extends z.ZodType>(operation: StreamOperation<I, O>, path: string) {
      const readInput = createReadInput(operation.input);
      const events = z.string().describe('Server-sent events; `id` is the cursor to resume from.');
      app.route({
        ...describe(operation, { method: 'GET', path }, { 200: events }),
        method: 'GET',
        async handler(request, reply) {
          const lastEventId = request.headers['last-event-id'];
          const input = { ...readInput(request), ...(lastEventId && { lastEventId }) };
          const items = await operation.run(await toCtx(request), input as z.input<I>);
          return streamEvents(reply, items);
        },
      });
    },
  };
}

/** What the OpenAPI document says of a route. */
function describe(
  { name, summary, scope, public: isPublic, input }: Operation | StreamOperation,
  { method, path, consumes }: Pick<Binding<never>, 'method' | 'path' | 'consumes'>,
  success: Record<number, z.ZodType>,
): Pick<RouteOptions, 'url' | 'schema'> {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter!);
  const fields = Object.entries(input.shape);
  const inPath = z.object(Object.fromEntries(fields.filter(([field]) => names.includes(field))));
  const rest = z.strictObject(Object.fromEntries(fields.filter(([field]) => !names.includes(field))));
  const hasRest = Object.keys(rest.shape).length > 0;
  return {
    url: `/api/v1${path}`,
    schema: {
      operationId: name.replace('.', '_'),
      summary,
      description: `Scope: \`${scope}\`${isPublic ? '; published things need none' : ''}.`,
      tags: [name.split('.')[0]!],
      security: [...(isPublic ? [{}] : []), { bearer: [] }],
      ...(names.length > 0 && { params: inPath }),
      ...(hasRest && method === 'GET' && { querystring: rest }),
      ...(hasRest && method !== 'GET' && !consumes && { body: rest }),
      ...(consumes && { consumes, body: z.string().meta({ format: 'binary' }) }),
      response: { ...success, '4XX': problemSchema, '5XX': problemSchema },
    },
  };
}
