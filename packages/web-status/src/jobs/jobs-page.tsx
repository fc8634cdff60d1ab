import { useInfiniteQuery } from '@tanstack/react-query';
import { useTRPC, useTRPCClient } from '../api.tsx';
import { useLiveJobs } from '../live-jobs.tsx';
import { Link, useAddress } from '../router.tsx';
import type { JobState } from '../types.ts';
import { PageHeading } from '../ui/page-heading.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { stateWords } from '../ui/words.ts';
import { DisabledWebhooks } from '../webhooks/disabled-webhooks.tsx';
import { JobRow, JobRowSkeleton } from './job-row.tsx';
import { mergeJobs } from './merge-jobs.ts';
import { NewExport } from './new-export.tsx';

const states: readonly JobState[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead'];

/** The jobs of the user's portfolios, newest first, updated live. `?state=` filters them. */
export function JobsPage() {
  const requested = useAddress().searchParams.get('state');
  const state = states.find((candidate) => candidate === requested);
  return (
    <>
      <PageHeading title={state ? `${stateWords[state]} jobs` : 'Jobs'}>Jobs</PageHeading>
      <DisabledWebhooks />
      <NewExport />
      <StateFilter chosen={state} />
      <JobList key={state} state={state} />
    </>
  );
}

function StateFilter({ chosen }: { chosen: JobState | undefined }) {
  return (
    <nav className="filter" aria-label="Filter jobs by state">
      {[undefined, ...states].map((state) => (
        <Link
          key={state ?? 'all'}
          to={state ? `/?state=${state}` : '/'}
          aria-current={state === chosen ? 'page' : undefined}
        >
          {state ? stateWords[state] : 'All'}
        </Link>
      ))}
    </nav>
  );
}

function JobList({ state }: { state: JobState | undefined }) {
  const live = useLiveJobs();
  const list = useJobPages(state);

  if (list.isPending) return <ListSkeleton />;
  if (!list.data) {
    return (
      <ProblemNotice
        what="The jobs could not be loaded."
        error={list.error}
        onRetry={() => void list.refetch()}
      />
    );
  }

  const listed = list.data.pages.flatMap(({ items }) => items);
  const jobs = mergeJobs(listed, live.jobs, { state, hasMore: list.hasNextPage });
  return (
    <>
      {jobs.length === 0 ? (
        <EmptyList state={state} />
      ) : (
        <ul className="card job-list" aria-label="Jobs">
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
      {list.error && (
        <ProblemNotice
          what="Some jobs could not be loaded."
          error={list.error}
          onRetry={() => void (list.isFetchNextPageError ? list.fetchNextPage() : list.refetch())}
        />
      )}
      {list.hasNextPage && (
        <button
          type="button"
          className="button load-more"
          disabled={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {list.isFetchingNextPage ? 'Loading…' : 'Load more'}
        </button>
      )}
    </>
  );
}

/** Does not use `infiniteQueryOptions`, which sends a field `direction` that the API refuses. */
function useJobPages(state: JobState | undefined) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  return useInfiniteQuery({
    queryKey: [...trpc.job.list.queryKey(), 'pages', state],
    queryFn: ({ pageParam, signal }) =>
      api.job.list.query({ state: state && [state], cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // The stream of changes has no event for a stalled job.
    refetchInterval: 60_000,
  });
}

function ListSkeleton() {
  return (
    <div aria-busy="true">
      <ul className="card job-list" aria-label="Loading jobs">
        {[1, 2, 3, 4, 5].map((row) => (
          <JobRowSkeleton key={row} />
        ))}
      </ul>
      <p className="slow-note">This is taking longer than usual. Waiting for the server…</p>
    </div>
  );
}

function EmptyList({ state }: { state: JobState | undefined }) {
  return (
    <section className="card empty">
      {state ? (
        <>
          <h2>No {stateWords[state].toLowerCase()} jobs</h2>
          <p>No job is in this state at the moment.</p>
          <Link to="/" className="button">
            Show all jobs
          </Link>
        </>
      ) : (
        <>
          <h2>No jobs yet</h2>
          <p>Export a case study to create the first job.</p>
        </>
      )}
    </section>
  );
}
