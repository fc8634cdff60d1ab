import { problemOf } from '@portfolio/api/client';
import { describeProblem } from '../problem.ts';
import { signInAgainAddress } from '../session.ts';

/** Says beside an action why it failed; nothing while it has not. Leads to signing in again where that is missing. */
export function ActionProblem({ error }: { error: unknown }) {
  if (!error) return null;
  if (problemOf(error)?.code === 'recent_sign_in_required') {
    return (
      <div className="notice warning action-problem" role="alert">
        <p>To do this, sign in again: your last sign-in is too long ago. You come back to this page.</p>
        <a className="button" href={signInAgainAddress()}>
          Sign in again
        </a>
      </div>
    );
  }
  return (
    <p className="field-problem action-problem" role="alert">
      {describeProblem(error)}
    </p>
  );
}
