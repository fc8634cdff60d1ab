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

/** Ends the session. The sign-in page shows the reason, if there is one. */
export type SignOut = (reason?: string) => void;

const SignOutContext = createContext<SignOut | null>(null);

export const SessionProvider = SignOutContext.Provider;

export function useSignOut(): SignOut {
  const signOut = use(SignOutContext);
  if (!signOut) throw new Error('useSignOut() must be called within a SessionProvider.');
  return signOut;
}
