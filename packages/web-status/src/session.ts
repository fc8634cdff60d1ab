import { createContext, use } from 'react';

const storageKey = 'portfolio.apiKey';

/** The key that is stored for this tab or for this browser; null without one. */
export function storedApiKey(): string | null {
  return withStorage(() => sessionStorage.getItem(storageKey) ?? localStorage.getItem(storageKey));
}

/** Stores the key for this tab, or with `keepSignedIn` for this browser. */
export function storeApiKey(apiKey: string, keepSignedIn: boolean) {
  withStorage(() => (keepSignedIn ? localStorage : sessionStorage).setItem(storageKey, apiKey));
}

export function deleteApiKey() {
  withStorage(() => sessionStorage.removeItem(storageKey));
  withStorage(() => localStorage.removeItem(storageKey));
}

/** Returns null where the browser blocks storage. The key is then lost when the page is closed. */
function withStorage<T>(access: () => T): T | null {
  try {
    return access();
  } catch {
    return null;
  }
}

/** By what the page acts: a key that was entered, or the session of this browser, whose cookie no script can read. */
export type Credential = { apiKey: string } | 'session';

/** Where people can sign in. */
export type Issuer = { issuer: string; name: string | null };

type SessionState = { isSignedIn: boolean; issuers: Issuer[] };

/** Whether this browser is signed in, and where people can do so. Where the API does not say, only keys are of use. */
export async function readSession(): Promise<SessionState> {
  try {
    const answer = await fetch('/auth/session');
    if (answer.ok) return (await answer.json()) as SessionState;
  } catch {
    // The sign-in with a key reports what is wrong.
  }
  return { isSignedIn: false, issuers: [] };
}

/** Signs this browser out. If that fails, the session ends by itself later. */
export async function endSession(): Promise<void> {
  await fetch('/auth/sign-out', { method: 'POST' }).catch(() => {});
}

/** The address that leads to the issuer, and back to this page. With `again`, the issuer asks who one is. */
export function signInAddress({ issuer, again }: { issuer?: string; again?: true } = {}): string {
  const { pathname, search } = new URL(location.href);
  const query = new URLSearchParams({ to: pathname + withoutProblem(search) });
  if (issuer !== undefined) query.set('issuer', issuer);
  if (again) query.set('again', '');
  return `/auth/sign-in?${query.toString()}`;
}

function withoutProblem(search: string): string {
  const query = new URLSearchParams(search);
  query.delete('sign-in');
  return query.size > 0 ? `?${query.toString()}` : '';
}

const problems: Record<string, string> = {
  denied: 'The sign-in was cancelled.',
  expired: 'The sign-in took too long, or began in another browser, or the browser refused its cookie.',
  refused: 'The answer of the issuer was not accepted.',
  unavailable: 'The issuer could not be reached.',
};

/** Why the last sign-in failed, which the API says in the address; undefined where it did not. */
export function signInProblem(): string | undefined {
  return problems[new URLSearchParams(location.search).get('sign-in') ?? ''];
}

/** Ends the session. The sign-in page shows the reason, if there is one. */
export type SignOut = (reason?: string) => void;

const SignOutContext = createContext<SignOut | null>(null);

export const SessionProvider = SignOutContext.Provider;

export function useSignOut(): SignOut {
  const signOut = use(SignOutContext);
  if (!signOut) throw new Error('useSignOut() must be called within a SessionProvider.');
  return signOut;
}
