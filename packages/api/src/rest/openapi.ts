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
Case studies, the automation and metrics behind them, the evidence for every claim, and the jobs that render them to
files. Every operation is also a tRPC procedure with the same input, output, permissions and errors.

Errors are problem documents (RFC 9457). Clients must ignore unknown fields, headers and \`enum\` values in responses:
new ones may be added at any time. Any other change that could break a client is announced by the headers
\`Deprecation\` and \`Sunset\` first.
`.trim();

/** The title and the description of each noun, the first part of an operation's name. */
const tags: Record<keyof typeof operations, [title: string, about: string]> = {
  apiKey: ['API keys', 'Credentials for programs. Each is shown once and limited to certain scopes.'],
  artifact: [
    'Artifacts',
    'The automation behind the work: modules, pipelines, scripts, runbooks, policies, dashboards.',
  ],
  audit: ['Audit log', 'Every change with its author and its time.'],
  caseStudy: ['Case studies', 'The work of a team, its client and its effect, with revisions and claims.'],
  evidence: ['Evidence', 'Files and fetched sources that back claims, in versions with their hash.'],
  image: ['Images', 'Images in case studies.'],
  invitation: ['Invitations', 'Links by which people become members.'],
  job: ['Jobs', 'Work that continues after the response, such as rendering a PDF.'],
  me: ['You', 'Who calls, what the credential may do, and what the platform stores of the person.'],
  member: ['Members', 'Members of a portfolio and their roles.'],
  metric: ['Metrics', 'Operational numbers over time: samples, series and comparisons.'],
  operator: [
    'Operators',
    'The jobs of all portfolios, without what they are about, and the pipeline that runs them.',
  ],
  ownKey: ['Own keys', 'Your own credentials, valid in every portfolio of which you are a member.'],
  ownToken: ['Own tokens', 'The tokens by which you have signed in.'],
  portfolio: ['Portfolios', 'The tenant: the public profile of a team.'],
  session: ['Sessions', 'The browsers in which you are signed in.'],
  upload: ['Uploads', 'Files that were announced, and that nothing uses yet.'],
  webhook: ['Webhooks', 'Notifications of jobs and publications, and the status of each delivery.'],
};

/** Linters require `x-internal`, which states who may use a server. */
const servers = [
  { url: '/', description: 'This installation, local or in production.', 'x-internal': false },
];

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key (`pk_…`), or a JWT of the issuer, verified by the rules of RFC 8725: fixed algorithms, issuer, audience and expiry. Each operation states the scope that it requires.',
  },
};

/** Builds the OpenAPI 3.1 document from the declarations of all operations and their routes. */
export function describeApi(): Document {
  const document: Document = {
    openapi: '3.1.0',
    info: {
      title: 'Portfolio API',
      version: '1.0.0',
      description,
      contact: { name: 'The operator of this installation' },
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

/** Every route that `registerRoutes` declares. */
function collectRoutes(): Route[] {
  const routes: Route[] = [];
  registerRoutes({
    operation(operation, binding) {
      routes.push({ operation, binding });
      return async () => undefined;
    },
    stream(operation, binding) {
      routes.push({ operation, binding: { method: 'GET', ...binding } });
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

/** Serves the document at `/api/openapi.json`. The first request builds it. */
export function registerOpenApi(app: FastifyInstance) {
  let text: string | undefined;
  app.get('/api/openapi.json', (_request, reply) => {
    text ??= JSON.stringify(describeApi());
    return reply.type('application/json').send(text);
  });
}
