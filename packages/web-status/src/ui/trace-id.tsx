import { problemOf } from '@portfolio/api/client';
import { CopyButton } from './copy-button.tsx';

/** The trace of a call that failed, by which operators find what happened; nothing where the API did not answer. */
export function TraceId({ error }: { error: unknown }) {
  const problem = problemOf(error);
  const traceId = problem && 'traceId' in problem ? problem.traceId : undefined;
  if (!traceId) return null;
  return (
    <span className="trace-id">
      Trace <code>{traceId}</code> <CopyButton text={traceId} what="trace ID" />
    </span>
  );
}
