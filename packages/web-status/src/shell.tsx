import type { ReactNode } from 'react';
import { type Connection, useLiveJobs } from './live-jobs.tsx';
import { Link } from './router.tsx';
import { useSignOut } from './session.ts';
import { Logo } from './ui/icons.tsx';

/** What surrounds every page of somebody who is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  const signOut = useSignOut();
  const { connection, news } = useLiveJobs();
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
        <ConnectionStatus connection={connection} />
        <button type="button" className="button quiet" onClick={() => signOut()}>
          Sign out
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <output className="visually-hidden">{news}</output>
    </>
  );
}

const connectionWords: Record<Connection, { word: string; hint: string }> = {
  connecting: { word: 'Connecting…', hint: 'The live connection is being made.' },
  live: { word: 'Live', hint: 'Changes show as they happen.' },
  reconnecting: {
    word: 'Reconnecting…',
    hint: 'The live connection was lost. What you see may be out of date until it is back.',
  },
  off: {
    word: 'Not live',
    hint: 'The server refused the live connection. Load the page again to see changes.',
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
