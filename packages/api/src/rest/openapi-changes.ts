import { isDeepStrictEqual } from 'node:util';
import {
  type Answer,
  type Bound,
  type DescribedOperation,
  type Document,
  type Media,
  type Parameter,
  type Reference,
  type Schema,
  isReference,
  resolve,
} from './openapi-document.ts';

/** A schema and the document that resolves its references. */
type Part = { document: Document; schema: Schema };
type Direction = 'request' | 'response';

/**
 * Lists the changes between two documents that may break a client, one line each. Valid requests must stay valid, and
 * responses must keep their content. New operations, optional fields and `enum` values in responses break nothing, nor
 * does the removal of a deprecated operation.
 */
export function findBreaks(before: Document, after: Document): string[] {
  return operationsOf(before).flatMap(({ path, method, operation }) => {
    const where = `${method.toUpperCase()} ${path}`;
    const now = after.paths[path]?.[method];
    if (!now) return operation.deprecated ? [] : [`${where} was removed`];
    return compareOperations({ document: before, operation }, { document: after, operation: now }).map(
      (what) => `${where}: ${what}`,
    );
  });
}

function operationsOf({ paths }: Document) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

type Described = { document: Document; operation: DescribedOperation };

function compareOperations(before: Described, after: Described): string[] {
  return [
    ...changedName(before.operation, after.operation),
    ...changedRights(before.operation, after.operation),
    ...changedParameters(before, after),
    ...changedBody(before, after),
    ...changedAnswers(before, after),
  ];
}

/** Generated clients derive the names of their functions from it. */
function changedName(before: DescribedOperation, after: DescribedOperation): string[] {
  if (before.operationId === after.operationId) return [];
  return [`operationId was ${before.operationId} and is ${after.operationId}`];
}

type Rights = Record<string, string[]>;

/** Every credential that was sufficient must stay sufficient. */
function changedRights(before: DescribedOperation, after: DescribedOperation): string[] {
  return before.security
    .filter((given) => !after.security.some((needed) => isEnough(given, needed)))
    .map((given) => `${JSON.stringify(given)} is no longer sufficient`);
}

/** True for the same schemes with the same or fewer scopes. */
function isEnough(given: Rights, needed: Rights): boolean {
  if (!isDeepStrictEqual(Object.keys(given), Object.keys(needed))) return false;
  return Object.entries(needed).every(([scheme, scopes]) =>
    scopes.every((scope) => given[scheme]!.includes(scope)),
  );
}

function changedParameters(before: Described, after: Described): string[] {
  const [old, now] = [parametersOf(before), parametersOf(after)];
  const found = [...old].flatMap(([name, parameter]) => {
    const same = now.get(name);
    if (!same) return [`${name} was removed`];
    const [was, is] = [part(before, parameter.schema), part(after, single(parameter, same))];
    return [
      ...(same.required && !parameter.required ? [`${name} is now required`] : []),
      ...compareSchemas(was, is, 'request', name),
    ];
  });
  const added = [...now].filter(([name, { required }]) => required && !old.has(name));
  return [...found, ...added.map(([name]) => `${name} is new and required`)];
}

/** In a query, a single value is valid where a list is expected. */
function single(before: Parameter, { schema }: Parameter): Schema {
  const isListNow = before.in === 'query' && before.schema.type !== 'array' && schema.type === 'array';
  return isListNow ? (schema.items ?? schema) : schema;
}

const part = ({ document }: Described, schema: Schema): Part => ({ document, schema });

function parametersOf({ document, operation }: Described): Map<string, Parameter> {
  const all = (operation.parameters ?? []).map((parameter) =>
    follow(document.components.parameters, parameter),
  );
  return new Map(all.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]));
}

function follow<T extends object>(named: Record<string, T> | undefined, given: T | Reference): T {
  return isReference(given) ? named![given.$ref.split('/').at(-1)!]! : given;
}

function changedBody(before: Described, after: Described): string[] {
  const [was, is] = [before.operation.requestBody, after.operation.requestBody];
  if (!was) return is?.required ? ['a body is now required'] : [];
  if (!is) return ['the body was removed'];
  return [
    ...(is.required && !was.required ? ['the body is now required'] : []),
    ...compareContents(before, was.content, after, is.content, 'request', 'body'),
  ];
}

const isSuccess = ([status]: [string, unknown]) => /^[23]/.test(status);

function changedAnswers(before: Described, after: Described): string[] {
  return Object.entries(before.operation.responses)
    .filter(isSuccess)
    .flatMap(([status, given]) => {
      const now = after.operation.responses[status];
      if (!now) return [`response ${status} was removed`];
      const was = follow<Answer>(before.document.components.responses, given);
      const is = follow<Answer>(after.document.components.responses, now);
      const lost = Object.keys(was.headers ?? {}).filter((name) => !Object.hasOwn(is.headers ?? {}, name));
      return [
        ...lost.map((name) => `response ${status} no longer has the header ${name}`),
        ...compareContents(before, was.content, after, is.content, 'response', `response ${status}`),
      ];
    });
}

type Content = Record<string, Media> | undefined;

function compareContents(
  before: Described,
  was: Content,
  after: Described,
  is: Content,
  direction: Direction,
  where: string,
): string[] {
  return Object.entries(was ?? {}).flatMap(([type, media]) => {
    const now = is?.[type];
    if (!now) return [`${where} is no longer ${type}`];
    return compareSchemas(part(before, media.schema), part(after, now.schema), direction, where);
  });
}

/** Every variant of the earlier schema must be among those of the later one. `seen` ends recursion. */
function compareSchemas(
  before: Part,
  after: Part,
  direction: Direction,
  where: string,
  seen: ReadonlySet<string> = new Set(),
): string[] {
  const pair = before.schema.$ref && after.schema.$ref && `${before.schema.$ref} ${after.schema.$ref}`;
  if (pair && seen.has(pair)) return [];
  const within = pair ? new Set([...seen, pair]) : seen;
  const [old, now] = [formsOf(before), formsOf(after)];
  const isNull = ({ schema }: Part) => schema.type === 'null';
  const nulls =
    direction === 'response' && now.some(isNull) && !old.some(isNull) ? [`${where} may now be null`] : [];
  const expected = direction === 'response' ? old.filter((form) => !isNull(form)) : old;
  return [
    ...nulls,
    ...expected.flatMap((form) => {
      const attempts = now.map((other) => compareForms(form, other, direction, where, within));
      return attempts.toSorted((a, b) => a.length - b.length)[0] ?? [];
    }),
  ];
}

/** The variants of a schema, each of one type. */
function formsOf({ document, schema }: Part): Part[] {
  const found = resolve(document, schema);
  const variants = found.anyOf ?? found.oneOf;
  if (variants) return variants.flatMap((variant) => formsOf({ document, schema: variant }));
  const types = [found.type].flat();
  return types.map((type) => ({ document, schema: type === undefined ? found : { ...found, type } }));
}

function compareForms(
  before: Part,
  after: Part,
  direction: Direction,
  where: string,
  seen: ReadonlySet<string>,
): string[] {
  const [old, now] = [before.schema, after.schema];
  if (!hasSameType(old, now, direction)) return [`${where} was ${nameOf(old)} and is ${nameOf(now)}`];
  const inner = (was: Schema | undefined, is: Schema | undefined, name: string) =>
    was && is
      ? compareSchemas(
          { document: before.document, schema: was },
          { document: after.document, schema: is },
          direction,
          `${where}${name}`,
          seen,
        )
      : [];
  return [
    ...(direction === 'request' ? narrowed(old, now, where) : widened(old, now, where)),
    ...compareProperties(old, now, direction, where, inner),
    ...inner(old.items, now.items, '[]'),
    ...inner(asSchema(old.additionalProperties), asSchema(now.additionalProperties), '{}'),
    ...inner(old.contentSchema, now.contentSchema, ''),
  ];
}

const nameOf = ({ type, const: value }: Schema) =>
  value === undefined ? String(type) : JSON.stringify(value);
const asSchema = (value: boolean | Schema | undefined) => (typeof value === 'object' ? value : undefined);

function hasSameType(old: Schema, now: Schema, direction: Direction): boolean {
  if (old.const !== undefined && now.const !== undefined) return old.const === now.const;
  if (old.type === now.type) return true;
  const types = direction === 'request' ? [old.type, now.type] : [now.type, old.type];
  return isDeepStrictEqual(types, ['integer', 'number']);
}

const upperBounds: Bound[] = ['maxLength', 'maximum', 'exclusiveMaximum', 'maxItems', 'maxProperties'];
const lowerBounds: Bound[] = ['minLength', 'minimum', 'exclusiveMinimum', 'minItems', 'minProperties'];

/** Values of a request that were valid and are not any more. */
function narrowed(old: Schema, now: Schema, where: string): string[] {
  const values = now.enum ?? (now.const === undefined ? undefined : [now.const]);
  const was = old.enum ?? (old.const === undefined ? undefined : [old.const]);
  const lost = values && was?.filter((value) => !values.includes(value));
  const bounds = [
    ...upperBounds.filter((bound) => (now[bound] ?? Infinity) < (old[bound] ?? Infinity)),
    ...lowerBounds.filter((bound) => (now[bound] ?? -Infinity) > (old[bound] ?? -Infinity)),
  ];
  const forms = (['pattern', 'format'] as const).filter(
    (form) => now[form] !== undefined && now[form] !== old[form],
  );
  return [
    ...(values && !was ? [`${where} now accepts certain values only`] : []),
    ...(lost ?? []).map((value) => `${where} no longer accepts ${JSON.stringify(value)}`),
    ...bounds.map((bound) => `${where} has ${bound} ${now[bound]}, was ${old[bound] ?? 'none'}`),
    ...forms.map((form) => `${where} has another ${form}`),
    ...(now.additionalProperties === false && old.additionalProperties !== false
      ? [`${where} no longer accepts other fields`]
      : []),
  ];
}

/** Values of a response that were impossible before. Clients must expect new `enum` values. */
function widened(old: Schema, now: Schema, where: string): string[] {
  return old.enum && !now.enum && now.const === undefined
    ? [`${where} is no longer limited to certain values`]
    : [];
}

const required = (schema: Schema, name: string) => schema.required?.includes(name) === true;

function compareProperties(
  old: Schema,
  now: Schema,
  direction: Direction,
  where: string,
  inner: (was: Schema | undefined, is: Schema | undefined, name: string) => string[],
): string[] {
  const found = Object.entries(old.properties ?? {}).flatMap(([name, property]) => {
    const same = now.properties?.[name];
    if (!same) return [`${where}.${name} was removed`];
    const isNew = direction === 'request' && required(now, name) && !required(old, name);
    const isLost = direction === 'response' && required(old, name) && !required(now, name);
    return [
      ...(isNew ? [`${where}.${name} is now required`] : []),
      ...(isLost ? [`${where}.${name} may now be missing`] : []),
      ...inner(property, same, `.${name}`),
    ];
  });
  const added = Object.keys(now.properties ?? {}).filter(
    (name) => !Object.hasOwn(old.properties ?? {}, name),
  );
  const demanded = direction === 'request' ? added.filter((name) => required(now, name)) : [];
  return [...found, ...demanded.map((name) => `${where}.${name} is new and required`)];
}
