import { problemOf } from '@portfolio/api/client';
import { describeProblem } from '../problem.ts';
import { type Person, personWords } from './words.ts';

/**
 * Says beside an action why it failed; nothing while it has not, or where a dialog leads to signing in again. The `person`
 * whom it is about is shown by name, not by id.
 */
export function ActionProblem({ error, person }: { error: unknown; person?: Person | undefined }) {
  if (!error || problemOf(error)?.code === 'recent_sign_in_required') return null;
  const detail = describeProblem(error);
  return (
    <p className="field-problem action-problem" role="alert">
      {person ? detail.replaceAll(person.id, personWords(person)) : detail}
    </p>
  );
}
