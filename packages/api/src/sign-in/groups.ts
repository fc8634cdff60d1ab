import { type Role, roleSchema } from '@portfolio/core/actor';
import type { Db } from '@portfolio/core/context';
import { type GroupRoles, syncGroups } from '@portfolio/core/member/sync-groups';
import type { Logger } from '@portfolio/core/runtime/log';
import { LRUCache } from 'lru-cache';

export type GroupSettings = {
  /** The claim with the names of a person's groups. */
  claim: string;
  roles: readonly { group: string; portfolio: string; role: Role }[];
  /** The group of the operators. */
  operators?: string | undefined;
};

type Claims = Readonly<Record<string, unknown>>;

/** What the groups of people mean. */
export type Groups = {
  /** The claims that have to be known. */
  wanted: string[];
  isOperator(claims: Claims): boolean;
  /** Applies the groups of somebody who signs in: without the claim, the person is in none. */
  signIn(personId: string, claims: Claims, issuedAt: Date): Promise<void>;
  /** Applies the groups in a token, once for each token. One without the claim says nothing about them. */
  token(personId: string, claims: Claims, issuedAt: Date): Promise<void>;
};

/** The groups of people mean nothing. */
export const noGroups: GroupSettings = { claim: 'groups', roles: [] };

/** How many people a process remembers, whose groups it has applied. */
const maxRemembered = 10_000;

export function createGroups(
  { db, log }: { db: Db; log: Pick<Logger, 'warn'> },
  { claim, roles, operators }: GroupSettings,
): Groups {
  const namesIn = (claims: Claims): readonly unknown[] | undefined => {
    const value = claims[claim];
    return value === undefined ? undefined : [value].flat();
  };
  const applied = new LRUCache<string, { what: string; issuedAt: Date }>({ max: maxRemembered });

  async function apply(personId: string, given: GroupRoles, issuedAt: Date) {
    const kept = await syncGroups(db, { personId, roles: given, issuedAt });
    for (const portfolio of kept)
      log.warn(
        { portfolio, person: personId },
        'groups would leave a portfolio without an owner; not applied',
      );
  }

  return {
    wanted: roles.length > 0 || operators !== undefined ? [claim] : [],
    isOperator: (claims) => operators !== undefined && (namesIn(claims)?.includes(operators) ?? false),
    signIn: (personId, claims, issuedAt) => apply(personId, rolesOf(roles, namesIn(claims) ?? []), issuedAt),
    async token(personId, claims, issuedAt) {
      const names = namesIn(claims);
      if (roles.length === 0 || names === undefined) return;
      const given = rolesOf(roles, names);
      const what = JSON.stringify([issuedAt, given]);
      const known = applied.get(personId);
      // Two tokens in turn would lock the portfolios at each call.
      if (known && (known.what === what || known.issuedAt > issuedAt)) return;
      await apply(personId, given, issuedAt);
      applied.set(personId, { what, issuedAt });
    },
  };
}

const rank = (role: Role | undefined) => (role === undefined ? -1 : roleSchema.options.indexOf(role));

/** The highest role that groups give in each portfolio. */
function rolesOf(rules: GroupSettings['roles'], names: readonly unknown[]): GroupRoles {
  const found: Record<string, Role> = {};
  for (const { group, portfolio, role } of rules) {
    if (names.includes(group) && rank(role) > rank(found[portfolio])) found[portfolio] = role;
  }
  return found;
}
