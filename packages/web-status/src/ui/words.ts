import type { Job, JobEvent, JobKind, JobState } from '../types.ts';

/**
 * What a reader is shown of a job's state: waiting for another attempt is told from waiting for the first, and what
 * is still to be cancelled from what goes on.
 */
export type ShownState = JobState | 'retrying' | 'cancelling';

type Standing = Pick<Job, 'state' | 'attempt' | 'cancelRequestedAt'>;

export function shownState({ state, attempt, cancelRequestedAt }: Standing): ShownState {
  if (state === 'running' && cancelRequestedAt) return 'cancelling';
  return state === 'queued' && attempt > 0 ? 'retrying' : state;
}

/** True until a job has ended, one way or another. */
export const isOpen = ({ state }: Pick<Job, 'state'>) => state === 'queued' || state === 'running';

export const stateWords: Record<ShownState, string> = {
  queued: 'Queued',
  retrying: 'Retrying',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelling: 'Cancelling',
  cancelled: 'Cancelled',
  dead: 'Dead',
};

export const kindWords: Record<JobKind, string> = {
  'export.pdf': 'PDF export',
  'evidence.sync': 'Evidence sync',
  'metrics.report': 'Metrics report',
  'webhook.deliver': 'Webhook delivery',
};

/** A change of state as a short sentence, read aloud to those who do not see the page. */
export function stateChange(job: Standing & Pick<Job, 'title'>): string {
  const sentences: Record<ShownState, string> = {
    queued: 'is queued',
    retrying: 'will be tried again',
    running: 'is running',
    succeeded: 'is done',
    failed: 'has failed',
    cancelling: 'is being cancelled',
    cancelled: 'was cancelled',
    dead: 'was given up',
  };
  return `${job.title} ${sentences[shownState(job)]}.`;
}

/** What a job is doing now. */
export function currentStep(job: Standing & Pick<Job, 'step'>): string {
  const steps: Record<ShownState, string> = {
    queued: 'Waiting for a worker',
    retrying: 'Waiting for the next attempt',
    running: job.step ? capitalized(job.step) : 'Starting',
    succeeded: 'Done',
    failed: 'Stopped',
    cancelling: 'Waiting for its worker to let go',
    cancelled: 'Stopped',
    dead: 'Given up',
  };
  return steps[shownState(job)];
}

/** What happened, as a line of the log. */
export function eventWords({ type, attempt, step }: Pick<JobEvent, 'type' | 'attempt' | 'step'>): string {
  const lines: Record<JobEvent['type'], string> = {
    queued: 'Queued',
    started: `Attempt ${attempt} started`,
    progress: step ? capitalized(step) : 'Progress',
    retrying: `Attempt ${attempt} did not succeed; another follows`,
    postponed: `Attempt ${attempt} was cut off and does not count; it goes on later`,
    lost: `The worker of attempt ${attempt} was lost; queued again`,
    succeeded: 'Succeeded',
    failed: 'Failed',
    cancelling: 'Cancel asked for',
    cancelled: 'Cancelled',
    dead:
      attempt === 0
        ? 'No worker could take it; given up'
        : `The worker of attempt ${attempt} was lost; given up`,
    requeued: 'Queued again by hand',
  };
  return lines[type];
}

/** A share from 0 to 1 as a whole percentage; 100 only when all is done. */
export function percent(progress: number): number {
  // Floating point makes 0.29 * 100 a little less than 29.
  return Math.floor(progress * 100 + 1e-6);
}

const units = ['bytes', 'kB', 'MB', 'GB'] as const;

/** A size in decimal units with up to three digits, such as `1.24 MB`. */
export function fileSize(bytes: number): string {
  const rounded = Number(bytes.toPrecision(3));
  const power = Math.min(Math.floor(Math.log10(Math.max(rounded, 1)) / 3), units.length - 1);
  return `${new Intl.NumberFormat('en').format(rounded / 1000 ** power)} ${units[power]}`;
}

export function count(n: number, one: string): string {
  return `${new Intl.NumberFormat('en').format(n)} ${one}${n === 1 ? '' : 's'}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
