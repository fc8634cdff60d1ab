import { useEffect, useRef } from 'react';
import { signInAddress } from './session.ts';

/** Says that something needs a recent sign-in, and leads there. */
export function SignInAgain({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="card" aria-labelledby="sign-in-again" onClose={onClose}>
      <h2 id="sign-in-again">Sign in again</h2>
      <p>
        This needs a sign-in within the last 15 minutes. You come back to this page; then do it once more.
      </p>
      <p>
        <a className="button primary" href={signInAddress({ again: true })}>
          Sign in again
        </a>{' '}
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </p>
    </dialog>
  );
}
