import { problemOf } from '@portfolio/api/client';
import { skipToken, useQuery } from '@tanstack/react-query';
import { useEffect, useReducer } from 'react';
import { useStream, useTRPC } from '../api.tsx';
import { useLiveJobs } from '../live-jobs.tsx';
import { Link } from '../router.tsx';
import type { Job, JobEvent } from '../types.ts';
import { BackIcon } from '../ui/icons.tsx';
import { PageHeading } from '../ui/page-heading.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { isOpen, percent, shownState, stateWords } from '../ui/words.ts';
import { currentJob } from './current-job.ts';
import { appendEvent } from './event-log.ts';
import { JobDetails } from './job-details.tsx';
import { JobLog } from './job-log.tsx';
import { JobStatus } from './job-status.tsx';

/** One job: its status, details, result and log, updated live. */
export function JobPage({ id }: { id: string }) {
  const { job, log, error, readAgain } = useJob(id);
  return (
    <>
      <Link to="/" className="back-link">
        <BackIcon />
        All jobs
      </Link>
      {job ? (
        <>
          <PageHeading title={pageTitle(job)}>{job.title}</PageHeading>
          <JobStatus job={job} />
          <JobDetails job={job} />
          <JobLog log={log} />
        </>
      ) : error ? (
        <UnreadableJob error={error} onRetry={readAgain} />
      ) : (
        <JobSkeleton />
      )}
    </>
  );
}

/** The job, which is read once, and its log, which follows its events from the first. */
function useJob(id: string) {
  const trpc = useTRPC();
  const live = useLiveJobs();
  const [log, addEvent] = useReducer(appendEvent, []);
  const read = useQuery({
    ...trpc.job.read.queryOptions({ id }),
    // There is no event for a stalled job.
    refetchInterval: ({ state: { data } }) => (data && isOpen(data) ? 60_000 : false),
  });
  const { reset } = useStream(
    trpc.job.events.subscriptionOptions(read.data ? { id, lastEventId: '0' } : skipToken, {
      onData: ({ data }) => data.type === 'event' && addEvent(data.event),
    }),
  );

  // Events contain neither the result nor the time of the next attempt, so the job is read after all but progress.
  const versions = [read.data, live.jobs.get(id)];
  const lastEvent = log.at(-1);
  const newest = currentJob(versions, undefined);
  const missing = seqToCatchUpWith(lastEvent, newest);
  const { refetch } = read;
  useEffect(() => {
    if (missing !== undefined) void refetch();
  }, [missing, refetch]);

  // The stream ended with the job. A manual retry has queued the job again.
  const isRequeued = lastEvent && newest ? !isOpen(lastEvent) && newest.lastSeq > lastEvent.seq : false;
  useEffect(() => {
    if (isRequeued) reset();
  }, [isRequeued, reset]);

  return { job: currentJob(versions, lastEvent), log, error: read.error, readAgain: () => void refetch() };
}

function seqToCatchUpWith(event: JobEvent | undefined, job: Job | undefined): number | undefined {
  return event && job && event.type !== 'progress' && event.seq > job.lastSeq ? event.seq : undefined;
}

function pageTitle(job: Job): string {
  const status = job.state === 'running' ? `${percent(job.progress)}%` : stateWords[shownState(job)];
  return `${status} · ${job.title}`;
}

/** The reason why the job cannot be shown. */
function UnreadableJob({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const code = problemOf(error)?.code;
  if (code === 'not_found' || code === 'invalid_input') {
    return (
      <section className="card empty">
        <PageHeading title="Job not found">Job not found</PageHeading>
        <p>The address may be incorrect, or your API key has no access to the portfolio of the job.</p>
        <Link to="/" className="button">
          Go to all jobs
        </Link>
      </section>
    );
  }
  if (code === 'forbidden') {
    return (
      <section className="card empty">
        <PageHeading title="No access">No access to this job</PageHeading>
        <p>
          Your API key does not allow it. Ask an owner of the portfolio for a key with the scope job:read.
        </p>
        <Link to="/" className="button">
          Go to all jobs
        </Link>
      </section>
    );
  }
  return (
    <>
      <PageHeading title="Job">Job</PageHeading>
      <ProblemNotice what="The job could not be loaded." error={error} onRetry={onRetry} />
    </>
  );
}

function JobSkeleton() {
  return (
    <div aria-busy="true" className="skeleton">
      <PageHeading title="Job">Loading the job…</PageHeading>
      <div className="card job-status">
        <p>
          <span className="bone wide" />
        </p>
        <progress max={100} value={0} aria-hidden="true" />
        <p className="small-text">
          <span className="bone" />
        </p>
      </div>
      <p className="slow-note">This is taking longer than usual. Waiting for the server…</p>
    </div>
  );
}
