import { z } from 'zod';

const nouns = [
  'portfolio',
  'case-study',
  'artifact',
  'metric',
  'evidence',
  'job',
  'api-key',
  'webhook',
] as const;

/** What a credential may be used for. `read` never changes anything; `write` does not include `read`. */
export const scopeSchema = z.enum([
  ...nouns.map((noun) => `${noun}:read` as const),
  ...nouns.map((noun) => `${noun}:write` as const),
  'audit:read',
]);
export type Scope = z.infer<typeof scopeSchema>;

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

/** What a member of a portfolio may do there. */
export const roleScopes: Record<Role, readonly Scope[]> = {
  viewer: viewerScopes,
  editor: editorScopes,
  owner: scopeSchema.options,
};

/**
 * Who asks. A `user` acts in every portfolio where the subject is a member, within role and scopes;
 * a `portfolio-key` acts in its own portfolio only, within its scopes.
 * `expiresAt` ends what outlives a request, such as a subscription.
 */
export type Actor =
  | { kind: 'anonymous' }
  | { kind: 'user'; subject: string; scopes: readonly Scope[]; expiresAt: Date | null }
  | {
      kind: 'portfolio-key';
      subject: string;
      portfolioId: string;
      scopes: readonly Scope[];
      expiresAt: Date | null;
    };

export const anonymous: Actor = { kind: 'anonymous' };

/** The name under which an actor's writes are recorded. */
export function actorName(actor: Actor): string {
  return actor.kind === 'anonymous' ? 'anonymous' : actor.subject;
}
