import { z } from 'zod';

const resources = [
  'portfolio',
  'case-study',
  'artifact',
  'metric',
  'evidence',
  'job',
  'api-key',
  'webhook',
] as const;

/**
 * The permissions in portfolios, which roles and credentials give. `read` never changes anything; `write` does not include
 * `read`.
 */
export const scopeSchema = z.enum([
  ...resources.map((resource) => `${resource}:read` as const),
  ...resources.map((resource) => `${resource}:write` as const),
  'audit:read',
]);
export type Scope = z.infer<typeof scopeSchema>;

/**
 * The permissions of who operates the platform, across all portfolios and without their content. No role has them, no
 * credential can pass them on, and neither does a token that names them.
 */
export const operatorScopes = ['operator:read', 'operator:write'] as const;
export type OperatorScope = (typeof operatorScopes)[number];
export type AnyScope = Scope | OperatorScope;

/** The scopes of a person who has signed in, and who is an operator if their groups include that of operators. */
export const withOperatorScopes = (scopes: readonly Scope[], isInGroup: boolean): AnyScope[] =>
  isInGroup ? [...scopes, ...operatorScopes] : [...scopes];

/** True where a credential may do anything as an operator. */
export const isOperator = (actor: Actor) =>
  actor.kind !== 'anonymous' && operatorScopes.some((scope) => actor.scopes.includes(scope));

export const roleSchema = z.enum(['viewer', 'editor', 'owner']);
export type Role = z.infer<typeof roleSchema>;

const viewerScopes: readonly Scope[] = [
  'portfolio:read',
  'case-study:read',
  'artifact:read',
  'metric:read',
  'evidence:read',
  'job:read',
];
const editorScopes: readonly Scope[] = [
  ...viewerScopes,
  'case-study:write',
  'artifact:write',
  'metric:write',
  'evidence:write',
  'job:write',
];

/** The scopes that each role grants to a member within the portfolio. */
export const roleScopes: Record<Role, readonly Scope[]> = {
  viewer: viewerScopes,
  editor: editorScopes,
  owner: scopeSchema.options,
};

/**
 * What an actor is identified by: an API key, a token, or a session of the page. `id` is that of the key or session, or the
 * `jti` of the token. `tokenIssuedAt` is the time of the token, of the sign-in of the session, or of whichever of them made
 * the key or the first of its ancestors.
 */
export type Credential = {
  kind: 'key' | 'token' | 'session';
  id: string | null;
  tokenIssuedAt: Date | null;
  /** When a person last proved who they are; missing where that is not asked for, as of keys, which are for programs. */
  signedInAt?: Date | undefined;
};

type SignedIn = {
  scopes: readonly AnyScope[];
  expiresAt: Date | null;
  /** Missing where the platform itself acts, as when it imports a portfolio. */
  credential?: Credential | undefined;
};

/**
 * The caller of an operation. A `user` acts in every portfolio where the person is a member, within role and scopes;
 * a `portfolio-key` acts in its own portfolio only, within its scopes; an `operator-key` in none, with the scopes of
 * operators only. At `expiresAt`, subscriptions end.
 */
export type Actor =
  | { kind: 'anonymous' }
  | ({
      kind: 'user';
      /** The id of the person. */
      id: string;
    } & SignedIn)
  | ({
      kind: 'operator-key';
      /** The id of the key. */
      id: string;
    } & SignedIn)
  | ({
      kind: 'portfolio-key';
      /** The id of the key. */
      id: string;
      portfolioId: string;
      /** The person who made the key; null where this was not noted. */
      madeBy?: string | null | undefined;
    } & SignedIn);

export const anonymous: Actor = { kind: 'anonymous' };

/** The name that the audit log records for an actor. */
export function actorName(actor: Actor): string {
  return actor.kind === 'anonymous' ? 'anonymous' : actor.id;
}

/** True where the platform itself acts, by no credential: limits are for others. */
export const isPlatform = (actor: Actor) => actor.kind !== 'anonymous' && actor.credential === undefined;
