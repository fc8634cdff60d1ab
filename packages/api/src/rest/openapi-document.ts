/** The parts of an OpenAPI 3.1 document that this code uses. */
export type Document = {
  openapi: string;
  info: { title: string; version: string; description?: string; contact?: object; license?: object };
  servers?: object[];
  paths: Record<string, Record<string, DescribedOperation>>;
  components: {
    securitySchemes?: Record<string, object>;
    schemas: Record<string, Schema>;
    headers?: Record<string, Header>;
    parameters?: Record<string, Parameter>;
    responses?: Record<string, Answer>;
  };
  tags?: { name: string; description: string; 'x-displayName'?: string }[];
};

export type Reference = { $ref: string };

export type DescribedOperation = {
  operationId: string;
  summary: string;
  description: string;
  deprecated?: boolean;
  tags: string[];
  security: Record<string, string[]>[];
  parameters?: (Parameter | Reference)[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, Answer | Reference>;
};

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
  example?: unknown;
};

export type Header = { description: string; schema: Schema; example?: unknown };
export type Answer = {
  description: string;
  headers?: Record<string, Header | Reference>;
  content?: Record<string, Media>;
};
export type Media = { schema: Schema; example?: unknown; examples?: Record<string, { value: unknown }> };

/** JSON Schema 2020-12. */
export type Schema = {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  examples?: unknown[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  items?: Schema;
  uniqueItems?: boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  contentMediaType?: string;
  contentSchema?: Schema;
} & Texts &
  Bounds;

type Texts = { format?: string; pattern?: string };
type Bounds = Partial<Record<Bound, number>>;
export type Bound =
  | 'minLength'
  | 'maxLength'
  | 'minimum'
  | 'maximum'
  | 'exclusiveMinimum'
  | 'exclusiveMaximum'
  | 'minItems'
  | 'maxItems'
  | 'minProperties'
  | 'maxProperties';

const prefix = '#/components/schemas/';

export function isReference(part: object): part is Reference {
  return '$ref' in part;
}

export const schemaRef = (name: string): Reference => ({ $ref: `${prefix}${name}` });

/** The schema that a reference leads to; any other schema is returned as it is. */
export function resolve({ components }: Pick<Document, 'components'>, schema: Schema): Schema {
  const name = schema.$ref?.slice(prefix.length);
  return name === undefined ? schema : components.schemas[name]!;
}

/** A name in code as words: `Case study` for `caseStudy`. */
export const wordsOf = (name: string) =>
  name
    .replace(/^./, (letter) => letter.toUpperCase())
    .replaceAll(/\B[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
