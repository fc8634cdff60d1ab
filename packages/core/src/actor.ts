import { z } from 'zod';

/** What a credential may be used for. `read` never changes anything; `write` does not include `read`. */
export const scopeSchema = z.enum([
  'portfolio:read',
  'portfolio:write',
  'case-study:read',
  'case-study:write',
  'job:read',
  'job:write',
]);
export type Scope = z.infer<typeof scopeSchema>;

export type Role = 'viewer' | 'editor' | 'owner';

const viewerScopes: readonly Scope[] = ['portfolio:read', 'case-study:read', 'job:read'];
const editorScopes: readonly Scope[] = [...viewerScopes, 'case-study:write', 'job:write'];

/** What a member of a portfolio may do there. */
export const roleScopes: Record<Role, readonly Scope[]> = {
  viewer: viewerScopes,
  editor: editorScopes,
  owner: [...editorScopes, 'portfolio:write'],
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
