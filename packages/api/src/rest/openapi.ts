import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** Describes all routes that are registered after this at `/api/openapi.json` (OpenAPI 3.1). */
export async function registerOpenApi(app: FastifyInstance) {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Portfolio API',
        version: '1.0.0',
        description:
          'Case studies, their exports and the jobs that make them. Errors are RFC 9457 problem documents.',
      },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key (pk_…) or a JWT of the issuer.',
          },
        },
      },
    },
    // Only operations have tags: not /trpc, nor the files of the page.
    hideUntagged: true,
    transform: jsonSchemaTransform,
    transformObject: (document) => complete(jsonSchemaTransformObject(document) as Described),
  });
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

type Header = { description: string; schema: { type: string; format?: string } };
type Described = {
  components: { schemas: Record<string, unknown> };
  paths: Record<string, Record<string, { responses: Record<string, { headers?: Record<string, Header> }> }>>;
};

const location = (description: string): Record<string, Header> => ({
  Location: { description, schema: { type: 'string', format: 'uri-reference' } },
});

/** The headers of answers, by status: the type provider passes none on. */
const headersByStatus: Record<string, Record<string, Header>> = {
  201: location('Where the new thing is.'),
  202: {
    ...location('The job to follow.'),
    'Retry-After': { description: 'When to look at it, in seconds.', schema: { type: 'integer' } },
  },
  302: location('A link that works without credentials for a few minutes.'),
};

/** Adds the headers of answers, and leaves out the type provider's second schema of each thing (`JobInput`). */
function complete(document: Described): Described {
  const { schemas } = document.components;
  for (const name of Object.keys(schemas)) delete schemas[`${name}Input`];
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    for (const [status, headers] of Object.entries(headersByStatus)) {
      const response = operation.responses[status];
      if (response) response.headers = headers;
    }
  }
  return document;
}
