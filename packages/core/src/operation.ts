import type { z } from 'zod';
import type { Scope } from './actor.ts';
import { runChange } from './change.ts';
import type { Ctx } from './context.ts';
import { AppError, type FieldError } from './errors.ts';
import type { Tenant, TenantResolver } from './tenancy.ts';

type Declaration<I extends z.ZodObject, O extends z.ZodType> = {
  /** Noun and verb, e.g. `caseStudy.publish`. */
  name: string;
  summary: string;
  /** What a credential must allow. */
  scope: Scope;
  /** True when strangers may read what is published. */
  public: boolean;
  input: I;
  output: O;
};

/**
 * How a use case finds the portfolio that it works in; `'none'` where it belongs to no single one, and its
 * queries select by the actor instead.
 */
type Tenancy<I extends z.ZodObject> = TenantResolver<z.output<I>> | 'none';

type TenantOf<T> = T extends 'none' ? undefined : Tenant;

type Implementation<I extends z.ZodObject, T extends Tenancy<I>, Result> = {
  tenant: T;
  run(ctx: Ctx, input: z.output<I>, tenant: TenantOf<T>): Result;
};

type QueryImplementation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>> = {
  kind: 'query';
} & Implementation<I, T, Promise<z.input<O>>>;

/** A change runs in a transaction: `ctx.db` of `run` is one, and an error undoes all that it wrote. */
type MutationImplementation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>, Prepared> = {
  kind: 'mutation';
  tenant: T;
  /** Slow work outside of the database, such as sending bytes; done before the transaction begins. */
  prepare?(ctx: Ctx, input: z.output<I>, tenant: TenantOf<T>): Promise<Prepared>;
  run(ctx: Ctx, input: z.output<I>, tenant: TenantOf<T>, prepared: Prepared): Promise<z.input<O>>;
  /** The portfolio whose audit log the change belongs to, where `tenant` is `'none'`. */
  portfolioOf?(result: z.output<O>): string | null;
  /** True where the answer holds a secret, which is then kept nowhere. */
  holdsSecret?: boolean;
};

export type Operation<
  K extends 'query' | 'mutation' = 'query' | 'mutation',
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
> = Declaration<I, O> & {
  kind: K;
  /** Authorizes, parses and runs. Throws AppError for all that is the caller's to mend. */
  run(ctx: Ctx, input: z.input<I>): Promise<z.output<O>>;
};

/** An item of a stream and the cursor from which a client resumes after it. */
export type Tracked<T> = { cursor: string; data: T };

export type StreamOperation<
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
> = Declaration<I, O> & {
  kind: 'subscription';
  /** Authorizes and parses, then resolves to the items, which end with the context's signal. */
  run(ctx: Ctx, input: z.input<I>): Promise<AsyncGenerator<Tracked<z.output<O>>, void>>;
  /** Throws as `run` would where the actor may not follow it, or no longer. */
  authorize(ctx: Ctx, input: z.input<I>): Promise<void>;
};

export type AnyOperation = Operation | StreamOperation;

/**
 * A use case, in the one place where it lives: authorize the actor, parse the input, run, parse the output.
 * tRPC and REST only bind it.
 */
export function operation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>>(
  definition: Declaration<I, O> & QueryImplementation<I, O, T>,
): Operation<'query', I, O>;
export function operation<
  I extends z.ZodObject,
  O extends z.ZodType,
  T extends Tenancy<I>,
  Prepared = undefined,
>(definition: Declaration<I, O> & MutationImplementation<I, O, T, Prepared>): Operation<'mutation', I, O>;
export function operation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>, Prepared>(
  definition: Declaration<I, O> & (QueryImplementation<I, O, T> | MutationImplementation<I, O, T, Prepared>),
): Operation<'query' | 'mutation', I, O> {
  const { output } = definition;
  return {
    ...definition,
    async run(ctx, raw) {
      const { input, tenant } = await admit(definition, ctx, raw);
      if (definition.kind === 'query') return output.parse(await definition.run(ctx, input, tenant));
      const { name, scope, prepare, run, portfolioOf, holdsSecret = false } = definition;
      return runChange(ctx, {
        action: name,
        raw: raw ?? {},
        tenant,
        isShown: tenant !== undefined && !unseenScopes.has(scope),
        holdsSecret,
        portfolioOf,
        prepare: async (outside) => (await prepare?.(outside, input, tenant)) as Prepared,
        run: async (within, prepared) => output.parse(await run(within, input, tenant, prepared)),
      });
    },
  };
}

/** A use case whose answer goes on: same rules as `operation`, one parsed item at a time. */
export function streamOperation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>>(
  definition: Declaration<I, O> & Implementation<I, T, AsyncIterable<Tracked<z.input<O>>>>,
): StreamOperation<I, O> {
  return {
    ...definition,
    kind: 'subscription',
    async run(ctx, raw) {
      const { input, tenant } = await admit(definition, ctx, raw);
      return parseItems(definition.output, definition.run(ctx, input, tenant));
    },
    async authorize(ctx, raw) {
      await admit(definition, ctx, raw);
    },
  };
}

async function* parseItems<O extends z.ZodType>(output: O, items: AsyncIterable<Tracked<z.input<O>>>) {
  for await (const { cursor, data } of items) yield { cursor, data: output.parse(data) };
}

async function admit<I extends z.ZodObject, T extends Tenancy<I>>(
  definition: Declaration<I, z.ZodType> & { tenant: T },
  ctx: Ctx,
  raw: unknown,
) {
  // Who may not do this at all is told so first, and cannot make us read a large input.
  requireScope(ctx, definition);
  const input = parseInput(definition.input, raw);
  const { tenant } = definition;
  const found = tenant === 'none' ? undefined : await tenant(ctx, input, definition);
  return { input, tenant: found as TenantOf<T> };
}

/** What is changed with these, no stranger ever reads; nor do they read what belongs to no portfolio. */
const unseenScopes = new Set<Scope>(['job:write', 'api-key:write', 'webhook:write']);

/** More are cut off: one request can hold hundreds of thousands. */
const maxFieldErrors = 20;

function parseInput<I extends z.ZodObject>(schema: I, raw: unknown): z.output<I> {
  if ('expectedVersion' in schema.shape) requireExpectedVersion(raw);
  const parsed = schema.safeParse(raw ?? {});
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.flatMap(toFieldErrors).slice(0, maxFieldErrors);
  const named = fields.map(({ pointer, detail }) => `${pointer || 'input'}: ${detail}`).join('; ');
  throw new AppError('invalid_input', `The input is not valid. ${named}`, { fields });
}

function requireExpectedVersion(raw: unknown) {
  if (typeof raw === 'object' && raw !== null && 'expectedVersion' in raw) return;
  throw new AppError(
    'precondition_required',
    'Name the version that you have read: `If-Match` with its ETag by REST, `expectedVersion` by tRPC.',
  );
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code !== 'unrecognized_keys') return [{ pointer: pointerTo(issue.path), detail: issue.message }];
  return issue.keys
    .slice(0, maxFieldErrors)
    .map((key) => ({ pointer: pointerTo([...issue.path, key]), detail: 'There is no such field.' }));
}

/** A JSON pointer (RFC 6901). */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function requireScope(
  { actor }: Ctx,
  { name, scope, public: isPublic }: Declaration<z.ZodObject, z.ZodType>,
) {
  if (isPublic) return;
  if (actor.kind === 'anonymous') {
    throw new AppError('unauthenticated', `${name} needs an API key or a token with the scope ${scope}.`);
  }
  if (!actor.scopes.includes(scope)) {
    throw new AppError('forbidden', `${name} needs the scope ${scope}, which this credential does not have.`);
  }
}
