import { useInfiniteQuery } from '@tanstack/react-query';
import { useTRPC, useTRPCClient } from '../api.tsx';
import { useLiveJobs } from '../live-jobs.tsx';
import { Link, useAddress } from '../router.tsx';
import type { JobState } from '../types.ts';
import { PageHeading } from '../ui/page-heading.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { stateWords } from '../ui/words.ts';
import { JobRow, JobRowSkeleton } from './job-row.tsx';
import { mergeJobs } from './merge-jobs.ts';
import { NewExport } from './new-export.tsx';

const states: readonly JobState[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead'];

/** All jobs of the reader's portfolios, newest first, changing as they change. `?state=` filters. */
export function JobsPage() {
  const asked = useAddress().searchParams.get('state');
  const state = states.find((candidate) => candidate === asked);
  return (
    <>
      <PageHeading title={state ? `${stateWords[state]} jobs` : 'Jobs'}>Jobs</PageHeading>
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
        what="The jobs could not be read."
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
          what="Not all jobs could be read."
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

/** Not by `infiniteQueryOptions`: that sends a `direction` along, which the API does not know. */
function useJobPages(state: JobState | undefined) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  return useInfiniteQuery({
    queryKey: [...trpc.job.list.queryKey(), 'pages', state],
    queryFn: ({ pageParam, signal }) =>
      api.job.list.query({ state: state && [state], cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // That a job has stalled is no event, which the stream of changes would tell.
    refetchInterval: 60_000,
  });
}

function ListSkeleton() {
  return (
    <div aria-busy="true">
      <ul className="card job-list" aria-label="Jobs are being loaded">
        {[1, 2, 3, 4, 5].map((row) => (
          <JobRowSkeleton key={row} />
        ))}
      </ul>
      <p className="slow-note">This takes longer than usual. Still waiting for the server…</p>
    </div>
  );
}

function EmptyList({ state }: { state: JobState | undefined }) {
  return (
    <section className="card empty">
      {state ? (
        <>
          <h2>No {stateWords[state].toLowerCase()} jobs</h2>
          <p>There are none in this state at present.</p>
          <Link to="/" className="button">
            Show all jobs
          </Link>
        </>
      ) : (
        <>
          <h2>No jobs yet</h2>
          <p>As soon as somebody exports a case study, its job shows up here.</p>
        </>
      )}
    </section>
  );
}
