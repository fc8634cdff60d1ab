import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ProblemNotice } from './problem-notice.tsx';

type Props<Data> = {
  query: UseQueryResult<Data, unknown>;
  /** What could not be loaded, as a sentence. */
  failure: string;
  children: (data: Data) => ReactNode;
};

/** Shows what was read, and meanwhile or instead that it is loading or why it could not be loaded. */
export function Loaded<Data>({ query, failure, children }: Props<Data>) {
  return (
    <>
      {query.isError && (
        <ProblemNotice what={failure} error={query.error} onRetry={() => void query.refetch()} />
      )}
      {query.data !== undefined ? children(query.data) : query.isPending && <CardSkeleton />}
    </>
  );
}

export function CardSkeleton() {
  return (
    <div className="skeleton" aria-busy="true">
      <div className="card panel">
        <p>
          <span className="bone wide" />
        </p>
        <p>
          <span className="bone" />
        </p>
      </div>
      <p className="slow-note">This is taking longer than usual. Waiting for the server…</p>
    </div>
  );
}
