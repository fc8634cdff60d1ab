import type { Job } from '../types.ts';
import { currentStep, percent, shownState } from './words.ts';

/** The progress of the current attempt of a job. */
export function ProgressBar({ job, label }: { job: Job; label: string }) {
  const value = percent(job.progress);
  return (
    <progress
      className={shownState(job)}
      max={100}
      value={value}
      aria-label={label}
      aria-valuenow={value}
      aria-valuetext={`${value}%, ${currentStep(job)}`}
    />
  );
}
