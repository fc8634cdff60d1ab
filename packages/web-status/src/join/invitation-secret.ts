const storageKey = 'portfolio.invitation';

/**
 * Moves the secret of an invitation from the address into the storage of the tab, where it outlasts signing in, and is in no
 * history and no address of a sign-in. Where the browser blocks storage, it stays in the address.
 */
export function keepInvitation() {
  const { pathname, hash } = location;
  if (pathname !== '/join' || hash.length < 2) return;
  try {
    sessionStorage.setItem(storageKey, hash.slice(1));
    history.replaceState(history.state, '', pathname);
  } catch {
    // It stays in the address.
  }
}

/** The secret of the invitation that this tab was opened for; null without one. */
export function invitationSecret(hash: string): string | null {
  if (hash.length > 1) return hash.slice(1);
  try {
    return sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

export function forgetInvitation() {
  try {
    sessionStorage.removeItem(storageKey);
  } catch {
    // Then it was not stored either.
  }
}
