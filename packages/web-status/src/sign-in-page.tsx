import { createClient, problemOf } from '@portfolio/api/client';
import { type SubmitEvent, useEffect, useRef, useState } from 'react';
import { describeProblem } from './problem.ts';
import { type Issuer, signInAddress } from './session.ts';
import { Logo } from './ui/icons.tsx';
import { useDocumentTitle } from './ui/page-heading.tsx';

const limits = { timeoutSeconds: 15, retries: 0 };

type Props = {
  issuers: readonly Issuer[];
  notice: string | undefined;
  onSignIn: (apiKey: string, keepSignedIn: boolean) => void;
};

/**
 * Links to the issuers, and a form for an API key, which is checked before it is accepted. `notice` is why the last session
 * ended, or why there is none.
 */
export function SignInPage({ issuers, notice, onSignIn }: Props) {
  useDocumentTitle('Sign in');
  const [isShown, setShown] = useState(false);
  const [isChecking, setChecking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const firstIssuer = useRef<HTMLAnchorElement>(null);

  useEffect(() => (firstIssuer.current ?? field.current)?.focus(), []);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const apiKey = field.current!.value.trim();
    setChecking(true);
    const refusal = await tryKey(apiKey);
    if (refusal === undefined) return onSignIn(apiKey, form.has('keepSignedIn'));
    setChecking(false);
    setProblem(refusal);
    field.current?.focus();
  }

  return (
    <main className="sign-in">
      <form className="card" onSubmit={(event) => void submit(event)}>
        <Logo />
        <h1>Sign in</h1>
        <p className="muted">
          {location.pathname === '/join'
            ? 'Sign in to see your invitation. You come back to it.'
            : 'Follow your jobs, export case studies as PDF and download them.'}
        </p>
        {notice && <output className="notice warning">{notice}</output>}
        {issuers.map(({ issuer, name }, at) => (
          <a
            key={issuer}
            ref={at === 0 ? firstIssuer : undefined}
            className="button primary"
            href={signInAddress({ issuer })}
          >
            {issuers.length === 1 && name === null
              ? 'Sign in'
              : `Sign in with ${name ?? new URL(issuer).host}`}
          </a>
        ))}
        <label htmlFor="api-key">{issuers.length > 0 ? 'Or with an API key' : 'API key'}</label>
        <div className="field-with-button">
          <input
            ref={field}
            id="api-key"
            name="apiKey"
            type={isShown ? 'text' : 'password'}
            autoComplete="current-password"
            autoCapitalize="off"
            spellCheck={false}
            required
            placeholder="pk_…"
            aria-invalid={problem !== undefined}
            aria-describedby="api-key-problem"
            onChange={() => setProblem(undefined)}
          />
          <button type="button" className="button" aria-controls="api-key" onClick={() => setShown(!isShown)}>
            {isShown ? 'Hide' : 'Show'}
          </button>
        </div>
        <p id="api-key-problem" role="alert" className="field-problem">
          {problem}
        </p>
        <label className="checkbox">
          <input type="checkbox" name="keepSignedIn" />
          Keep me signed in on this device
        </label>
        <button type="submit" className="button primary" disabled={isChecking}>
          {isChecking ? 'Checking the key…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}

/** Lists jobs with the key. Returns why the key cannot be used; undefined where it can. */
async function tryKey(apiKey: string): Promise<string | undefined> {
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    return 'This is not a valid API key: it contains a space or a character that is not ASCII. Copy the whole key and paste it again.';
  }
  try {
    const api = createClient({ baseUrl: location.origin, apiKey, ...limits });
    await api.job.list.query({ limit: 1 });
    return undefined;
  } catch (error) {
    const code = problemOf(error)?.code;
    if (code === 'unauthenticated') return `The key was refused. ${describeProblem(error)}`;
    if (code === 'forbidden') return 'The key is valid, but it does not have the scope job:read.';
    return describeProblem(error);
  }
}
