import type { Me, Scope } from './types.ts';

/** What the signed-in person may do in a portfolio. */
export type Access = { may: (scope: Scope) => boolean };

/** Undefined for who is not a member of the portfolio. */
export function accessTo(
  portfolio: string,
  me: Pick<Me, 'portfolios' | 'more' | 'scopes'>,
): Access | undefined {
  const own = me.portfolios.find(({ slug }) => slug === portfolio);
  if (own) return { may: (scope) => own.scopes.includes(scope) };
  // It may be one that is not listed. The API refuses what the role does not allow.
  return me.more ? { may: (scope) => me.scopes.includes(scope) } : undefined;
}
