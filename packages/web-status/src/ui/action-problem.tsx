import { problemOf } from '@portfolio/api/client';
import { describeProblem } from '../problem.ts';

/** Says beside an action why it failed; nothing while it has not, or where a dialog leads to signing in again. */
export function ActionProblem({ error }: { error: unknown }) {
  if (!error || problemOf(error)?.code === 'recent_sign_in_required') return null;
  return (
    <p className="field-problem action-problem" role="alert">
      {describeProblem(error)}
    </p>
  );
}
