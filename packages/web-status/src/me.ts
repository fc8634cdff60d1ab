import { useQuery } from '@tanstack/react-query';
import { useTRPC } from './api.tsx';
import type { Me, Scope } from './types.ts';

/** Who is signed in, by which credential, and where they are a member. */
export function useMe() {
  return useQuery(useTRPC().me.read.queryOptions({}));
}

/** What the signed-in person may do in a portfolio. */
export type Access = {
  role: Me['portfolios'][number]['role'];
  may: (scope: Scope) => boolean;
};

/** Undefined for who is not a member of the portfolio. */
export function accessTo(portfolio: string, me: Me): Access | undefined {
  const own = me.portfolios.find(({ slug }) => slug === portfolio);
  if (own) return { role: own.role, may: (scope) => own.scopes.includes(scope) };
  // It may be one that is not listed. The API refuses what the role does not allow.
  return me.more ? { role: null, may: (scope) => me.scopes.includes(scope) } : undefined;
}
