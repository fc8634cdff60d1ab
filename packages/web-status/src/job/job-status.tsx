import type { Job, SyncedEvidence } from '../types.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { duration } from '../ui/relative-time.ts';
import { StateBadge } from '../ui/state-badge.tsx';
import { Ago, Until } from '../ui/time.tsx';
import { currentStep, percent } from '../ui/words.ts';
import { JobAction } from './job-action.tsx';
import { JobFilePanel } from './job-result.tsx';

/** The status of a job: state, step, progress, attempts, last error and result. */
export function JobStatus({ job }: { job: Job }) {
  return (
    <section className="card job-status" aria-label="Status">
      <div className="job-status-head">
        <StateBadge job={job} />
        <p className="step">{currentStep(job)}</p>
        <span className="percent">{percent(job.progress)}%</span>
        <JobAction job={job} />
      </div>
      <ProgressBar job={job} label="Progress" />
      <p className="muted small-text facts">
        <Attempts job={job} />
        <Timing job={job} />
      </p>
      {job.stalled && <Stalled job={job} />}
      {job.error && <LastError job={job} message={job.error.message} />}
      {job.result && 'fileName' in job.result && <JobFilePanel id={job.id} result={job.result} />}
      {job.result && 'changed' in job.result && <SyncResult result={job.result} />}
    </section>
  );
}

function SyncResult({ result }: { result: SyncedEvidence }) {
  const { version, changed } = result;
  return (
    <p className="muted small-text">
      {changed
        ? `The source changed. It is stored as version ${version}.`
        : `The source is unchanged since version ${version}.`}
    </p>
  );
}

function Attempts({ job }: { job: Job }) {
  const { attempt, maxAttempts } = job;
  return <span>{attempt === 0 ? 'Not started yet' : `Attempt ${attempt} of ${maxAttempts}`}</span>;
}

function Timing({ job }: { job: Job }) {
  const { retryAt, startedAt, finishedAt } = job;
  if (retryAt) {
    return (
      <span>
        next attempt <Until at={retryAt} />
      </span>
    );
  }
  if (finishedAt) {
    return (
      <>
        <span>
          finished <Ago at={finishedAt} />
        </span>
        {startedAt && <span>took {duration(startedAt, finishedAt)}</span>}
      </>
    );
  }
  return (
    <span>
      {startedAt ? 'started' : 'requested'} <Ago at={startedAt ?? job.createdAt} />
    </span>
  );
}

function Stalled({ job }: { job: Job }) {
  return (
    <div className="notice warning">
      <p>
        <strong>The job has stalled.</strong>{' '}
        {job.state === 'running'
          ? 'Its worker does not respond. Another worker will take over.'
          : 'No worker has started it for more than five minutes. Check that a worker is running.'}
      </p>
    </div>
  );
}

function LastError({ job, message }: { job: Job; message: string }) {
  const isFinal = job.state === 'failed' || job.state === 'dead';
  return (
    <div className={`notice ${isFinal ? 'danger' : 'warning'}`}>
      <p>
        <strong>{isFinal ? 'The job failed.' : 'The last attempt failed.'}</strong> {message}
      </p>
    </div>
  );
}
