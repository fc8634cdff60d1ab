import { useCallback, useState } from 'react';
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
import { SessionProvider, type SignOut, deleteApiKey, storeApiKey, storedApiKey } from './session.ts';
import { Shell } from './shell.tsx';
import { SignInPage } from './sign-in-page.tsx';

export function App() {
  const [apiKey, setApiKey] = useState(storedApiKey);
  const [notice, setNotice] = useState<string>();

  const signOut = useCallback<SignOut>((reason) => {
    deleteApiKey();
    setApiKey(null);
    setNotice(reason);
  }, []);

  function signIn(accepted: string, keepSignedIn: boolean) {
    storeApiKey(accepted, keepSignedIn);
    setApiKey(accepted);
    setNotice(undefined);
  }

  if (apiKey === null) return <SignInPage notice={notice} onSignIn={signIn} />;
  return (
    <SessionProvider value={signOut}>
      <ApiProvider apiKey={apiKey}>
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
