import { useCallback, useEffect, useState } from 'react';
import { AccountPage } from './account/account-page.tsx';
import { ApiProvider } from './api.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { JobPage } from './job/job-page.tsx';
import { JobsPage } from './jobs/jobs-page.tsx';
import { JoinPage } from './join/join-page.tsx';
import { LiveJobsProvider } from './live-jobs.tsx';
import { NotFoundPage } from './not-found-page.tsx';
import { PortfolioPage } from './portfolio/portfolio-page.tsx';
import { PortfoliosPage } from './portfolios/portfolios-page.tsx';
import { useAddress } from './router.tsx';
import {
  type Credential,
  type Issuer,
  SessionProvider,
  type SignOut,
  deleteApiKey,
  endSession,
  readSession,
  signInProblem,
  storeApiKey,
  storedApiKey,
} from './session.ts';
import { Shell } from './shell.tsx';
import { SignInPage } from './sign-in-page.tsx';

export function App() {
  // Undefined until the API has said whether there is a session.
  const [credential, setCredential] = useState<Credential | null | undefined>(storedCredential);
  const [issuers, setIssuers] = useState<Issuer[]>([]);
  const [notice, setNotice] = useState(signInProblem);

  useEffect(() => {
    async function resume() {
      const state = await readSession();
      setIssuers(state.issuers);
      setCredential((known) => (known === undefined ? (state.isSignedIn ? 'session' : null) : known));
    }
    void resume();
  }, []);

  const signOut = useCallback<SignOut>((reason) => {
    deleteApiKey();
    if (reason === undefined) void endSession();
    setCredential(null);
    setNotice(reason);
  }, []);

  function signIn(apiKey: string, keepSignedIn: boolean) {
    storeApiKey(apiKey, keepSignedIn);
    setCredential({ apiKey });
    setNotice(undefined);
  }

  if (credential === undefined) return null;
  if (credential === null) return <SignInPage issuers={issuers} notice={notice} onSignIn={signIn} />;
  return (
    <SessionProvider value={signOut}>
      <ApiProvider credential={credential}>
        <LiveJobsProvider>
          <Shell>
            <ErrorBoundary>
              <Page />
            </ErrorBoundary>
          </Shell>
        </LiveJobsProvider>
      </ApiProvider>
    </SessionProvider>
  );
}

function storedCredential(): Credential | undefined {
  const apiKey = storedApiKey();
  return apiKey === null ? undefined : { apiKey };
}

function Page() {
  const { pathname } = useAddress();
  const path = pathname.replace(/(?<=.)\/$/, '');
  if (path === '/') return <JobsPage />;
  if (path === '/portfolios') return <PortfoliosPage />;
  if (path === '/account') return <AccountPage />;
  if (path === '/join') return <JoinPage />;
  const job = /^\/jobs\/([^/]+)$/.exec(path)?.[1];
  if (job) return <JobPage key={job} id={job} />;
  const [, portfolio, part] = /^\/portfolios\/([^/]+)(\/[^/]+)?$/.exec(path) ?? [];
  return portfolio ? <PortfolioPage slug={portfolio} path={part ?? ''} /> : <NotFoundPage />;
}
