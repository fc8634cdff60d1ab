import { z } from 'zod';
import type { Actor, AnyScope } from './actor.ts';
import { recordAction, runChange } from './change.ts';
import type { ChangeCtx, Ctx } from './context.ts';
import { AppError, Refusal } from './errors.ts';
import { parseInput } from './input.ts';
import { observeOperation } from './observe-operation.ts';
import { type OpenStream, type Receiver, type Tracked, iterate } from './stream.ts';
import { type Needs, type Tenant, type TenantResolver, scopesOf } from './tenancy.ts';

type Declaration<I extends z.ZodObject, O extends z.ZodType> = {
  /** Noun and verb, e.g. `caseStudy.publish`. */
  name: string;
  summary: string;
  /** The scope that the credential must have; null where any valid one is enough. */
  scope: AnyScope | null;
  /** The read scopes that it must have as well, since the answer, or the file that a job makes, shows what they protect. */
  shows?: readonly AnyScope[] | undefined;
  /** Where a person must have signed in within the last minutes: for what would outlast a stolen session. */
  recentSignIn?: RecentSignIn<I> | undefined;
  /** True where anonymous readers may call it; they see published content only. */
  public: boolean;
  /** The largest JSON of an input in bytes, where not `smallInputBytes`. */
  maxInputBytes?: number | undefined;
  input: I;
  output: O;
};

/** Always, or unless the input makes it needless. */
type RecentSignIn<I extends z.ZodObject> = true | { unless(actor: Actor, input: z.output<I>): boolean };

/**
 * Finds the portfolio of a request; an operator's may have none. With `'none'`, the operation works in no single one and
 * selects by the actor.
 */
type Tenancy<I extends z.ZodObject> = TenantResolver<z.output<I>, Tenant | undefined> | 'none';

type TenantOf<T> = T extends (...args: never[]) => Promise<infer Found> ? Found : undefined;

type Implementation<I extends z.ZodObject, T extends Tenancy<I>, Result> = {
  tenant: T;
  run(ctx: Ctx, input: z.output<I>, tenant: TenantOf<T>): Result;
};

type QueryImplementation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>> = {
  kind: 'query';
  /** True where the audit log records the reading, as of what is not one's own. */
  isAudited?: boolean;
} & Implementation<I, T, Promise<z.input<O>>>;

/** `run` gets a transaction as `ctx.db`; an error rolls it back. What it notes by `ctx.noteDetails` is in the audit entry. */
type MutationImplementation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>, Prepared> = {
  kind: 'mutation';
  tenant: T;
  /** Slow work outside of the database, such as sending bytes; runs before the transaction begins. */
  prepare?(ctx: Ctx, input: z.output<I>, tenant: TenantOf<T>): Promise<Prepared>;
  run(ctx: ChangeCtx, input: z.output<I>, tenant: TenantOf<T>, prepared: Prepared): Promise<z.input<O>>;
  /** The portfolios whose audit log records the change, where it has no single tenant. */
  portfoliosOf?(result: z.output<O>): string[];
  /** True where the actor is erased: the audit entry has no address then. */
  erasesActor?: boolean;
  /** True where the result contains a secret; it is then not stored for repeated requests. */
  holdsSecret?: boolean;
};

type StreamImplementation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>> = {
  tenant: T;
  /** Resolves once it has delivered what there is already; rejects, and is closed, if it cannot be read. */
  open(
    ctx: Ctx,
    input: z.output<I>,
    tenant: TenantOf<T>,
    receiver: Receiver<z.input<O>>,
  ): Promise<OpenStream>;
};

export type Operation<
  K extends 'query' | 'mutation' = 'query' | 'mutation',
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
> = Declaration<I, O> & {
  kind: K;
  /** Authorizes, parses and runs. Throws AppError for errors that the caller can fix. */
  run(ctx: Ctx, input: z.input<I>): Promise<z.output<O>>;
};

export type StreamOperation<
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
> = Declaration<I, O> & {
  kind: 'subscription';
  /**
   * Authorizes and parses, then delivers what there is already and resolves. Later items follow until the end or until
   * the stream is closed.
   */
  open(ctx: Ctx, input: z.input<I>, receiver: Receiver<z.output<O>>): Promise<OpenStream>;
  /** The same as a generator, which also ends when the context's signal is aborted. */
  run(ctx: Ctx, input: z.input<I>): Promise<AsyncGenerator<Tracked<z.output<O>>, void>>;
  /** Throws as `run` would if the actor may not subscribe, or may no longer. */
  authorize(ctx: Ctx, input: z.input<I>): Promise<void>;
};

export type AnyOperation = Operation | StreamOperation;

/**
 * Declares an operation. Running it authorizes the actor, parses the input, runs the implementation and parses the
 * output; tRPC and REST only bind it.
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
    run: (ctx, raw) => observeOperation(definition, ctx, () => execute(ctx, raw)),
  };

  async function execute(ctx: Ctx, raw: z.input<I>): Promise<z.output<O>> {
    const { input, tenant } = await admit(definition, ctx, raw);
    if (definition.kind === 'query') {
      const result = output.parse(await definition.run(ctx, input, tenant));
      if (definition.isAudited) await recordAction(ctx, { action: definition.name, raw: raw ?? {}, tenant });
      return result;
    }
    const { name, scope, prepare, run, portfoliosOf } = definition;
    const { holdsSecret = false, erasesActor = false } = definition;
    return runChange(ctx, {
      action: name,
      raw: raw ?? {},
      tenant,
      isShown: tenant !== undefined && scope !== null && !memberOnlyScopes.has(scope),
      holdsSecret,
      portfoliosOf,
      erasesActor,
      prepare: async (outside) => (await prepare?.(outside, input, tenant)) as Prepared,
      run: async (within, prepared) => output.parse(await run(within, input, tenant, prepared)),
    });
  }
}

/** Declares an operation that streams its results: as `operation`, and each item is parsed. */
export function streamOperation<I extends z.ZodObject, O extends z.ZodType, T extends Tenancy<I>>(
  definition: Declaration<I, O> & StreamImplementation<I, O, T>,
): StreamOperation<I, O> {
  const parse = parserOf(definition.output);

  async function open(ctx: Ctx, raw: z.input<I>, receiver: Receiver<z.output<O>>): Promise<OpenStream> {
    const { input, tenant } = await admit(definition, ctx, raw);
    return definition.open(ctx, input, tenant, {
      item(item) {
        const parsed = parse(item);
        if (parsed instanceof z.ZodError) receiver.end(parsed);
        else receiver.item(parsed);
      },
      isFull: () => receiver.isFull(),
      end: (error) => receiver.end(error),
    });
  }
  return {
    ...definition,
    kind: 'subscription',
    open: (ctx, raw, receiver) => observeOperation(definition, ctx, () => open(ctx, raw, receiver)),
    run: (ctx, raw) => iterate(ctx.signal, (receiver) => open(ctx, raw, receiver)),
    async authorize(ctx, raw) {
      await admit(definition, ctx, raw);
    },
  };
}

/** Parses each item once, however many receivers get it, and returns the same object to all of them. */
function parserOf<O extends z.ZodType>(output: O) {
  const parsed = new WeakMap<Tracked<z.input<O>>, Tracked<z.output<O>> | z.ZodError>();
  return (item: Tracked<z.input<O>>) => {
    let known = parsed.get(item);
    if (known === undefined) {
      const { error, data } = output.safeParse(item.data);
      known = error ?? { cursor: item.cursor, data: data! };
      parsed.set(item, known);
    }
    return known;
  };
}

async function admit<I extends z.ZodObject, T extends Tenancy<I>>(
  definition: Declaration<I, z.ZodType> & { tenant: T },
  ctx: Ctx,
  raw: unknown,
) {
  // First, so that an unauthorized caller cannot make the server parse a large input.
  requireScopes(ctx.actor, definition);
  const { recentSignIn, tenant } = definition;
  if (recentSignIn === true) requireRecentSignIn(ctx.actor, definition);
  const input = parseInput(definition.input, raw);
  if (typeof recentSignIn === 'object' && !recentSignIn.unless(ctx.actor, input))
    requireRecentSignIn(ctx.actor, definition);
  const found = tenant === 'none' ? undefined : await tenant(ctx, input, definition);
  return { input, tenant: found as TenantOf<T> };
}

/** How long after a sign-in what demands a recent one may be done. */
const recentSignInMinutes = 15;

/** Until when an actor counts as one who has signed in recently. Keys, and tokens that do not say when, are not asked. */
export function recentSignInUntil(actor: Actor): Date | undefined {
  const signedInAt = actor.kind === 'anonymous' ? undefined : actor.credential?.signedInAt;
  return signedInAt && new Date(signedInAt.valueOf() + recentSignInMinutes * 60_000);
}

/** Throws `recent_sign_in_required` if a person signed in too long ago. */
function requireRecentSignIn(actor: Actor, { name }: Pick<Needs, 'name'>): void {
  const until = recentSignInUntil(actor);
  if (until === undefined || until.valueOf() >= Date.now()) return;
  throw new AppError(
    'recent_sign_in_required',
    `${name} requires a sign-in within the last ${recentSignInMinutes} minutes. Sign in again.`,
  );
}

/** Changes in these scopes never affect what anonymous readers see. */
const memberOnlyScopes = new Set<AnyScope>([
  'job:write',
  'api-key:write',
  'webhook:write',
  'portfolio:read',
  'operator:write',
]);

/** The largest JSON of most inputs in bytes. */
export const smallInputBytes = 128 * 1024;
/** The largest of all inputs: a study of two million characters, in any script. */
export const largestInputBytes = 8 * 1024 * 1024;

/** Throws `unauthenticated` or `forbidden` if the actor may not call the operation in any portfolio. */
export function requireScopes(actor: Actor, definition: Needs): void {
  if (definition.public) return;
  const needed = scopesOf(definition);
  const { name } = definition;
  if (actor.kind === 'anonymous') {
    const words = needed.length === 1 ? 'the scope' : 'the scopes';
    const having = needed.length === 0 ? '' : ` with ${words} ${needed.join(', ')}`;
    throw new AppError('unauthenticated', `${name} requires an API key or a token${having}.`);
  }
  const lacking = needed.find((scope) => !actor.scopes.includes(scope));
  if (lacking === undefined) return;
  throw new Refusal(
    'forbidden',
    `${name} requires the scope ${lacking}, which this credential does not have.`,
  );
}
