import { type ApiError, problemOf } from '@portfolio/api/client';
import { describeProblem } from '../problem.ts';
import { TraceId } from './trace-id.tsx';
import { type Person, personWords } from './words.ts';

/**
 * Says beside an action why it failed; nothing while it has not, or where a dialog leads to signing in again. The `person`
 * whom it is about is shown by name, not by id.
 */
export function ActionProblem({ error, person }: { error: unknown; person?: Person | undefined }) {
  const problem = problemOf(error);
  if (!error || problem?.code === 'recent_sign_in_required') return null;
  const detail = describeProblem(error);
  return (
    <p className="field-problem action-problem" role="alert">
      {person ? detail.replaceAll(person.id, personWords(person)) : detail}{' '}
      {isOfServer(problem) && <TraceId error={error} />}
    </p>
  );
}

/** What the person can correct needs no operator. */
const isOfServer = (problem: ApiError | null) =>
  problem !== null && 'status' in problem && problem.status >= 500;
