import { describeProblem } from '../problem.ts';
import { TraceId } from './trace-id.tsx';

/** Shows what failed and why, with a button to retry. */
export function ProblemNotice({
  what,
  error,
  onRetry,
}: {
  what: string;
  error: unknown;
  onRetry: () => void;
}) {
  return (
    <div className="notice danger" role="alert">
      <p>
        <strong>{what}</strong> {describeProblem(error)} <TraceId error={error} />
      </p>
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
