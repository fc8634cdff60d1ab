import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { completeDocument } from './openapi-complete.ts';
import type { Document } from './openapi-document.ts';

const description = `
Case studies, the automation and metrics behind them, the evidence for every claim, and the jobs that make files of
them. Every operation is here and as a tRPC procedure, with the same input, output, rights and errors.

Errors are problem documents (RFC 9457). Clients ignore fields, headers and values of \`enum\` in answers that they do not
know: those may be added at any time. Anything else that could break a client is announced by \`Deprecation\` and
\`Sunset\` first.
`.trim();

/** What each noun is called and about: a noun is the first part of an operation's name. */
const tags: Record<string, [title: string, about: string]> = {
  apiKey: ['API keys', 'Credentials of programs, shown once and good for certain scopes.'],
  artifact: [
    'Artifacts',
    'The automation behind the work: modules, pipelines, scripts, runbooks, policies, dashboards.',
  ],
  audit: ['Audit log', 'Who changed what, and when.'],
  caseStudy: ['Case studies', 'What a team did, for whom and to what effect; its revisions and its claims.'],
  evidence: ['Evidence', 'What backs a claim: files and fetched sources, in versions with their hash.'],
  image: ['Images', 'Pictures that case studies show.'],
  job: ['Jobs', 'Work that goes on after the answer, such as the making of a PDF.'],
  member: ['Members', 'Who works in a portfolio, and in which role.'],
  metric: ['Metrics', 'Operational numbers over time: samples, series and comparisons.'],
  ownKey: ['Own keys', 'Credentials of your own, good for every portfolio that you work in.'],
  portfolio: ['Portfolios', 'The tenant: the public profile of a team.'],
  webhook: ['Webhooks', 'Who is told of jobs and publications, and what became of each delivery.'],
};

/** Who may use a server is said by `x-internal`, as linters ask for. */
const servers = [
  { url: '/', description: 'This installation, local or in production.', 'x-internal': false },
];

/** Describes all routes that are registered after this at `/api/openapi.json` (OpenAPI 3.1). */
export async function registerOpenApi(app: FastifyInstance) {
  const { bodyLimit } = app.initialConfig;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Portfolio API',
        version: '1.0.0',
        description,
        contact: { name: 'Whoever runs this installation' },
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
      servers,
      tags: Object.entries(tags).map(([name, [title, about]]) => ({
        name,
        description: about,
        'x-displayName': title,
      })),
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key (`pk_…`), or a JWT of the issuer, checked by the rules of RFC 8725: fixed algorithms, issuer, audience and time of expiry. The scope that an operation needs is named with it.',
          },
        },
      },
    },
    // Only operations have tags: not /trpc, nor the files of the page.
    hideUntagged: true,
    transform: jsonSchemaTransform,
    transformObject: (document) =>
      completeDocument(jsonSchemaTransformObject(document) as Document, bodyLimit!) as never,
  });
  let text: string | undefined;
  app.get('/api/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json').send(text);
  });
}
