import { useQueryClient } from '@tanstack/react-query';
import { memo } from 'react';
import { useTRPC } from '../api.tsx';
import { JobAction } from '../job/job-action.tsx';
import { Link } from '../router.tsx';
import type { Job } from '../types.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { duration } from '../ui/relative-time.ts';
import { StateBadge } from '../ui/state-badge.tsx';
import { Ago, Until } from '../ui/time.tsx';
import { kindWords, percent } from '../ui/words.ts';

export const JobRow = memo(function JobRow({ job }: { job: Job }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return (
    <li className="job-row">
      <StateBadge job={job} />
      <div className="job-row-main">
        <Link
          to={`/jobs/${job.id}`}
          className="job-title"
          // The page of the job shows this version immediately, while it loads the latest one.
          onClick={() => queryClient.setQueryData(trpc.job.read.queryKey({ id: job.id }), job)}
        >
          {job.title}
        </Link>
        <p className="muted small-text facts">
          <span>{job.portfolio}</span>
          <span>{kindWords[job.kind]}</span>
          {job.stalled && <span className="stalled">stalled</span>}
          {job.attempt > 0 && (
            <span>
              attempt {job.attempt} of {job.maxAttempts}
            </span>
          )}
        </p>
      </div>
      <div className="job-row-side">
        <JobTiming job={job} />
      </div>
      <JobAction job={job} />
    </li>
  );
});

function JobTiming({ job }: { job: Job }) {
  if (job.state === 'running') {
    return (
      <>
        <div className="progress-line">
          <ProgressBar job={job} label={`Progress of ${job.title}`} />
          <span className="percent">{percent(job.progress)}%</span>
        </div>
        <p className="muted small-text">Started {job.startedAt && <Ago at={job.startedAt} />}</p>
      </>
    );
  }
  if (job.finishedAt) {
    return (
      <>
        <p>
          Finished <Ago at={job.finishedAt} />
        </p>
        <p className="muted small-text">
          {job.startedAt && `Took ${duration(job.startedAt, job.finishedAt)}`}
        </p>
      </>
    );
  }
  return (
    <>
      {job.retryAt ? (
        <p>
          Next attempt <Until at={job.retryAt} />
        </p>
      ) : (
        <p>Waiting for a worker</p>
      )}
      <p className="muted small-text">
        Requested <Ago at={job.createdAt} />
      </p>
    </>
  );
}

export function JobRowSkeleton() {
  return (
    <li className="job-row skeleton">
      <span className="badge">
        <span className="bone" />
      </span>
      <div className="job-row-main">
        <span className="bone wide" />
        <p className="small-text">
          <span className="bone" />
        </p>
      </div>
      <div className="job-row-side">
        <p>
          <span className="bone" />
        </p>
        <p className="small-text">
          <span className="bone" />
        </p>
      </div>
    </li>
  );
}
