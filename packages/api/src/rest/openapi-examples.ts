import { type Document, type Schema, resolve } from './openapi-document.ts';

const at = (time: string) => `2026-11-22T${time}.000Z`;
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** Instead of a value: leaves the field out of examples. */
const leftOut = Symbol('left out');

/**
 * Values by the name of the field; those of one noun come first. The example of a field is the first value that fits its
 * schema. A schema with `examples` (`.meta({ examples: […] })`) needs no entry here.
 */
const examples: Record<string, unknown[]> = {
  'apiKey.expiresAt': ['2099-12-31T00:00:00.000Z'],
  'apiKey.name': ['Nightly import'],
  'artifactAddVersion.name': ['1.4.0'],
  'artifactAddVersion.referenceUrl': [leftOut],
  'artifactVersion.name': ['1.4.0'],
  'artifact.slug': ['queue-module'],
  'artifact.title': ['The queue and its dead-letter queue'],
  'artifact.description': ['A module that both stages use.'],
  'evidence.slug': ['queue-dashboard'],
  'evidence.title': ['The dashboard of the queue in June'],
  'evidence.description': ['Exported on the first of July.'],
  'metric.name': ['Lost jobs'],
  'metric.description': ['Accepted jobs that never finished, counted every night.'],
  'metric.at': ['2026-04-01T00:00:00.000Z'],
  'ownKey.expiresAt': ['2099-12-31T00:00:00.000Z'],
  'ownKey.name': ['Nightly import'],
  'webhook.description': ['Notifies the chat of publications.'],
  'webhook.url': ['https://hooks.example.com/portfolio'],
  'portfolio.slug': ['platform-team'],
  'image.contentType': ['image/png'],
  'image.url': [`/api/v1/portfolios/platform-team/images/${sha256}`],
  portfolio: ['platform-team'],
  slug: ['outbox-and-leases'],
  name: ['Platform team'],
  tagline: ['Infrastructure that explains itself.'],
  title: ['An outbox, leases and no lost job'],
  summary: ['How accepted work survives crashes of everything but the database.'],
  body: ['## Problem\n\nOne job in 2,000 was lost when a worker died.\n'],
  description: ['We build and run the platform.'],
  client: ['Payments'],
  from: ['2026-01', '2026-01-01T00:00:00.000Z', 2],
  to: ['2026-06', '2026-07-01T00:00:00.000Z', 3],
  tags: [['reliability', 'queues']],
  language: ['en'],
  subject: ['maria'],
  role: ['editor'],
  key: ['lost-jobs'],
  metric: ['lost-jobs'],
  unit: ['jobs a month'],
  betterWhen: ['down'],
  stepSeconds: [86_400],
  statement: ['No accepted job was lost since the outbox.'],
  author: ['usr_01kevb1p5sfv2tq6x7h0m8w3ne'],
  actor: ['usr_01kevb1p5sfv2tq6x7h0m8w3ne'],
  action: ['caseStudy.publish'],
  target: ['outbox-and-leases'],
  caseStudy: ['outbox-and-leases'],
  claim: ['no-lost-jobs'],
  notes: ['The queue keeps messages for four days.'],
  referenceUrl: ['https://git.example.com/platform/queue/releases/1.4.0'],
  prefix: ['pk_4f2a'],
  secret: ['shown-only-this-once', 'pinv_4Wq0bT1mYx9sV3uZk7aCj2LhG8dRf5NpEoIwKtQyBcM'],
  link: ['/join#pinv_4Wq0bT1mYx9sV3uZk7aCj2LhG8dRf5NpEoIwKtQyBcM'],
  label: ['For the new designer'],
  messageId: ['msg_01jd3v8x2kf4wr6tq9m5c7h1ab'],
  changedAt: ['2026-04-01T00:00:00.000Z'],
  artifacts: [['queue-module']],
  number: [3],
  restoredFrom: [null],
  sourceUrl: ['https://dashboards.example.com/queue'],
  fetchedFrom: ['https://dashboards.example.com/queue'],
  freshForSeconds: [2_592_000],
  standing: ['fresh', 'backed'],
  problem: [null],
  repositoryUrl: ['https://git.example.com/platform/queue'],
  licence: ['Apache-2.0'],
  status: ['published'],
  version: [42],
  nextCursor: [null],
  cursor: ['job_01jd3v8x2kf4wr6tq9m5c7h1ab'],
  limit: [20],
  sha256: [sha256],
  contentType: ['application/pdf'],
  fileName: ['outbox-and-leases.pdf'],
  sizeBytes: [48_213],
  pages: [12],
  state: ['succeeded'],
  progress: [1],
  step: ['Storing the file', '1d'],
  error: [null],
  retryAt: [null],
  attempt: [1],
  maxAttempts: [5],
  seq: [7],
  lastSeq: [7],
  lastEventId: ['7', '7421:7424:7422'],
  requestedBy: ['usr_01kevb1p5sfv2tq6x7h0m8w3ne'],
  createdAt: [at('09:00:00')],
  startedAt: [at('09:00:01')],
  at: [at('09:00:02')],
  finishedAt: [at('09:00:04')],
  updatedAt: [at('09:00:04')],
  publishedAt: [at('09:30:00')],
  expiresAt: [at('09:35:00')],
};

/** Where an example is needed: the name of the schema or operation, and of the field in it. */
type Place = { of: string; field?: string; depth?: number };

/** The deepest nesting of schemas. */
const maxDepth = 12;

type Schemas = Pick<Document, 'components'>;

/** An example that fits a schema, possibly without its optional fields; undefined if no value is known that fits. */
export function exampleOf(document: Schemas, given: Schema, place: Place): unknown {
  const { depth = 0, field = '' } = place;
  if (depth > maxDepth) return undefined;
  const schema = resolve(document, given);
  const of = given.$ref?.split('/').at(-1) ?? place.of;
  const own = given.examples?.[0] ?? schema.examples?.[0] ?? schema.const;
  if (own !== undefined) return own;
  const known = valuesOf(of, field).find((value) => value === leftOut || fits(document, schema, value));
  if (known === leftOut) return undefined;
  if (known !== undefined) return known;

  const within = (part: Schema, name = field) =>
    exampleOf(document, part, { of, field: name, depth: depth + 1 });
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return firstOf(variants.map((variant) => within(variant)));
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object') return objectExample(schema, within);
  if (schema.type === 'array') {
    const item = within(schema.items ?? {});
    return item === undefined ? undefined : [item];
  }
  return schema.default ?? [...plainValues(schema)].find((value) => fits(document, schema, value));
}

function valuesOf(of: string, field: string): unknown[] {
  const isOf = (key: string) => {
    const [noun, ...names] = key.split('.');
    return names[0] === field && of.toLowerCase().startsWith(noun!.toLowerCase());
  };
  return Object.entries(examples).flatMap(([key, values]) => (key === field || isOf(key) ? values : []));
}

const firstOf = (values: unknown[]) => values.find((value) => value !== undefined && value !== null) ?? null;

function objectExample(schema: Schema, within: (part: Schema, name: string) => unknown): unknown {
  const example: Record<string, unknown> = {};
  for (const [field, property] of Object.entries(schema.properties ?? {})) {
    const value = within(property, field);
    if (value !== undefined) example[field] = value;
    else if (schema.required?.includes(field)) return undefined;
  }
  return example;
}

/** Values by type and format, for fields without an entry in `examples`. */
function* plainValues({ type: given, format = '', pattern = '', minimum = 0 }: Schema): Generator {
  const [type] = [given].flat();
  if (type === 'null') yield null;
  if (type === 'boolean') yield true;
  if (type === 'integer' || type === 'number') yield* [Math.max(minimum, 1), minimum];
  if (type !== 'string') return;
  const prefix = /^\^([a-z]+_)\[0-7\]/.exec(pattern)?.[1];
  if (prefix) yield `${prefix}01jd3v8x2kf4wr6tq9m5c7h1ab`;
  yield valueOfFormat[format] ?? 'an-example';
  yield sha256;
}

const valueOfFormat: Record<string, string> = {
  'date-time': at('09:00:00'),
  date: '2026-11-22',
  uri: 'https://files.example.com/outbox-and-leases',
};

/** True if a value has the schema's type and is within its bounds. The content of objects and lists is not checked. */
function fits(document: Schemas, given: Schema, value: unknown): boolean {
  const schema = resolve(document, given);
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return variants.some((variant) => fits(document, variant, value));
  if (schema.const !== undefined) return schema.const === value;
  if (schema.enum) return schema.enum.includes(value);
  if (!fitsType(schema.type, value)) return false;
  if (typeof value === 'number')
    return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  return typeof value !== 'string' || fitsText(schema, value);
}

function fitsType(type: Schema['type'], value: unknown): boolean {
  const types = [type].flat();
  if (value === null) return types.includes('null');
  if (Array.isArray(value)) return types.includes('array');
  return types.includes(typeof value) || (types.includes('integer') && Number.isInteger(value));
}

const formats: Record<string, RegExp> = {
  uri: /^https:/,
  'date-time': /T/,
  date: /^\d{4}-\d\d-\d\d$/,
};

function fitsText({ pattern, format, minLength = 0, maxLength = Infinity }: Schema, value: string): boolean {
  if (value.length < minLength || value.length > maxLength) return false;
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return false;
  return formats[format ?? '']?.test(value) ?? true;
}
