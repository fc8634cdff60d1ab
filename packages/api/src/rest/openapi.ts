import type { operations } from '@portfolio/core';
import type { FastifyInstance } from 'fastify';
import type { Document } from './openapi-document.ts';
import { headers, requestHeaders } from './openapi-headers.ts';
import { type Route, describeOperation } from './openapi-operation.ts';
import { describeRefusals } from './openapi-refusals.ts';
import { toSchema } from './openapi-schemas.ts';
import { problemSchema } from './problems.ts';
import { registerRoutes } from './routes.ts';

const description = `
Case studies, the automation and metrics behind them, the evidence for every claim, and the jobs that make files of
them. Every operation is here and as a tRPC procedure, with the same input, output, rights and errors.

Errors are problem documents (RFC 9457). Clients ignore fields, headers and values of \`enum\` in answers that they do not
know: those may be added at any time. Anything else that could break a client is announced by \`Deprecation\` and
\`Sunset\` first.
`.trim();

/** What each noun is called and about: a noun is the first part of an operation's name. */
const tags: Record<keyof typeof operations, [title: string, about: string]> = {
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

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key (`pk_…`), or a JWT of the issuer, checked by the rules of RFC 8725: fixed algorithms, issuer, audience and time of expiry. The scope that an operation needs is named with it.',
  },
};

/** The OpenAPI 3.1 document of all operations, made of their declarations and of their routes. */
export function describeApi(): Document {
  const document: Document = {
    openapi: '3.1.0',
    info: {
      title: 'Portfolio API',
      version: '1.0.0',
      description,
      contact: { name: 'Whoever runs this installation' },
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    components: { securitySchemes, schemas: {} },
    paths: {},
    servers,
    tags: Object.entries(tags).map(([name, [title, about]]) => ({
      name,
      description: about,
      'x-displayName': title,
    })),
  };
  const { components, paths } = document;
  toSchema(document, problemSchema, 'output');
  for (const route of collectRoutes()) {
    const path = `/api/v1${route.binding.path.replaceAll(/:(\w+)/g, '{$1}')}`;
    paths[path] ??= {};
    paths[path][route.binding.method.toLowerCase()] = describeOperation(document, route);
  }
  const byName = Object.entries(components.schemas).toSorted(([a], [b]) => (a < b ? -1 : 1));
  components.schemas = Object.fromEntries(byName);
  const responses = usedOf('responses', describeRefusals(), paths);
  components.headers = usedOf('headers', headers, { paths, responses });
  components.parameters = usedOf('parameters', requestHeaders, paths);
  components.responses = responses;
  return document;
}

/** Every route, as `registerRoutes` declares it. */
function collectRoutes(): Route[] {
  const routes: Route[] = [];
  registerRoutes({
    operation(operation, binding) {
      routes.push({ operation, binding });
      return async () => undefined;
    },
    stream(operation, path) {
      routes.push({ operation, binding: { method: 'GET', path } });
    },
  });
  return routes;
}

function usedOf<T>(kind: string, parts: Record<string, T>, users: unknown): Record<string, T> {
  const text = JSON.stringify(users);
  return Object.fromEntries(
    Object.entries(parts).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)),
  );
}

/** Serves the document at `/api/openapi.json`; it is made by the first request. */
export function registerOpenApi(app: FastifyInstance) {
  let text: string | undefined;
  app.get('/api/openapi.json', (_request, reply) => {
    text ??= JSON.stringify(describeApi());
    return reply.type('application/json').send(text);
  });
}
