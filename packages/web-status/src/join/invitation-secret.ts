const storageKey = 'portfolio.invitation';

/**
 * The secret of the invitation that this tab was opened for; null without one. It moves from the address into the tab's
 * storage, where it outlasts signing in, and is in no history, log or address of a sign-in.
 */
export function invitationSecret(): string | null {
  const { pathname, hash } = location;
  if (pathname === '/join' && hash.length > 1) {
    const secret = hash.slice(1);
    if (!store(secret)) return secret;
    history.replaceState(history.state, '', pathname);
  }
  return stored();
}

export function forgetInvitation() {
  try {
    sessionStorage.removeItem(storageKey);
  } catch {
    // Then it was not stored either.
  }
}

function store(secret: string): boolean {
  try {
    sessionStorage.setItem(storageKey, secret);
    return true;
  } catch {
    return false;
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}
