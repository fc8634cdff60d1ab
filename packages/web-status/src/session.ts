import { createContext, use } from 'react';

const storageKey = 'portfolio.apiKey';

/** The key that was kept for this tab or, when asked to, for this browser. */
export function storedApiKey(): string | null {
  return withStorage(() => sessionStorage.getItem(storageKey) ?? localStorage.getItem(storageKey));
}

/** Keeps the key for this tab, or across visits where `keepSignedIn`. */
export function storeApiKey(apiKey: string, keepSignedIn: boolean) {
  withStorage(() => (keepSignedIn ? localStorage : sessionStorage).setItem(storageKey, apiKey));
}

export function forgetApiKey() {
  withStorage(() => sessionStorage.removeItem(storageKey));
  withStorage(() => localStorage.removeItem(storageKey));
}

/** Browsers that are told to store nothing throw: the key then lasts as long as the page. */
function withStorage<T>(access: () => T): T | null {
  try {
    return access();
  } catch {
    return null;
  }
}

/** Ends the session; the reason, if any, is told on the sign-in page. */
export type SignOut = (reason?: string) => void;

const SignOutContext = createContext<SignOut | null>(null);

export const SessionProvider = SignOutContext.Provider;

export function useSignOut(): SignOut {
  const signOut = use(SignOutContext);
  if (!signOut) throw new Error('useSignOut() needs a SessionProvider above it.');
  return signOut;
}
