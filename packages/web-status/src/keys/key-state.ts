import type { ApiKey, Me, Scope } from '../types.ts';

/** True for a key that was revoked or has expired. */
export function hasEnded({ revokedAt, expiresAt }: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now: number) {
  return revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= now);
}

/** The keys that work before those that have ended, each as they were sorted. */
export function workingFirst<Key extends Pick<ApiKey, 'revokedAt' | 'expiresAt'>>(
  keys: readonly Key[],
  now: number,
): Key[] {
  const { over = [], working = [] } = Object.groupBy(keys, (key) =>
    hasEnded(key, now) ? 'over' : 'working',
  );
  return [...working, ...over];
}

/** The permissions that a new key can get: those that its maker has, without the ones of operators. */
export function grantable(scopes: Me['scopes']): Scope[] {
  return scopes.filter((scope) => !scope.startsWith('operator:')) as Scope[];
}

const aDay = 24 * 3600 * 1000;

/** When a key ends that is to last so many days; null for one that never ends. */
export function endOfKey(days: number | null, now: number): string | null {
  return days === null ? null : new Date(now + days * aDay).toISOString();
}
