import type { ReactNode } from 'react';
import { type Connection, useLiveJobs } from './live-jobs.tsx';
import { Navigation } from './navigation.tsx';
import { Link } from './router.tsx';
import { useSignOut } from './session.ts';
import { Logo } from './ui/icons.tsx';

/** The frame around every page of a signed-in user. */
export function Shell({ children }: { children: ReactNode }) {
  const signOut = useSignOut();
  const { connection, announcement } = useLiveJobs();
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="top-bar">
        <Link to="/" className="brand">
          <Logo />
          <span className="brand-name">Portfolio jobs</span>
        </Link>
        <Navigation />
        <ConnectionStatus connection={connection} />
        <button type="button" className="button quiet" onClick={() => signOut()}>
          Sign out
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <output className="visually-hidden">{announcement}</output>
    </>
  );
}

const connectionWords: Record<Connection, { word: string; hint: string }> = {
  connecting: { word: 'Connecting…', hint: 'Connecting to the server.' },
  live: { word: 'Live', hint: 'Changes are shown as they happen.' },
  reconnecting: {
    word: 'Reconnecting…',
    hint: 'The connection was lost. The page may be out of date until it is restored.',
  },
  off: {
    word: 'Not live',
    hint: 'The server refused the connection. Reload the page to see changes.',
  },
};

function ConnectionStatus({ connection }: { connection: Connection }) {
  const { word, hint } = connectionWords[connection];
  return (
    <output aria-label="Connection" className={`connection ${connection}`} title={hint}>
      {word}
    </output>
  );
}
