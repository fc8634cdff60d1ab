import type { DisabledWebhook, Job, JobEvent, JobKind, JobState, Member, Role } from '../types.ts';

/**
 * The state of a job as it is shown. `retrying` is queued after a failed attempt, and `cancelling` is running with a
 * requested cancellation.
 */
export type ShownState = JobState | 'retrying' | 'cancelling';

type Status = Pick<Job, 'state' | 'attempt' | 'cancelRequestedAt'>;

export function shownState({ state, attempt, cancelRequestedAt }: Status): ShownState {
  if (state === 'running' && cancelRequestedAt) return 'cancelling';
  return state === 'queued' && attempt > 0 ? 'retrying' : state;
}

/** True until a job has finished in any state. */
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

/** A change of state as a short sentence, for screen readers. */
export function stateChange(job: Status & Pick<Job, 'title'>): string {
  const sentences: Record<ShownState, string> = {
    queued: 'is queued',
    retrying: 'will be retried',
    running: 'is running',
    succeeded: 'succeeded',
    failed: 'failed',
    cancelling: 'is being cancelled',
    cancelled: 'was cancelled',
    dead: 'was marked dead',
  };
  return `${job.title} ${sentences[shownState(job)]}.`;
}

/** The current step of a job. */
export function currentStep(job: Status & Pick<Job, 'step'>): string {
  const steps: Record<ShownState, string> = {
    queued: 'Waiting for a worker',
    retrying: 'Waiting for the next attempt',
    running: job.step ? capitalized(job.step) : 'Starting',
    succeeded: 'Done',
    failed: 'Stopped',
    cancelling: 'Waiting for the worker to stop',
    cancelled: 'Stopped',
    dead: 'Marked dead',
  };
  return steps[shownState(job)];
}

/** An event as a line of the log. */
export function eventWords({ type, attempt, step }: Pick<JobEvent, 'type' | 'attempt' | 'step'>): string {
  const lines: Record<JobEvent['type'], string> = {
    queued: 'Queued',
    started: `Attempt ${attempt} started`,
    progress: step ? capitalized(step) : 'Progress',
    retrying: `Attempt ${attempt} failed; it will be retried`,
    postponed: `Attempt ${attempt} was interrupted and does not count; it continues later`,
    lost: `The worker of attempt ${attempt} was lost; requeued`,
    succeeded: 'Succeeded',
    failed: 'Failed',
    cancelling: 'Cancellation requested',
    cancelled: 'Cancelled',
    dead:
      attempt === 0
        ? 'No worker could start it; marked dead'
        : `The worker of attempt ${attempt} was lost; marked dead`,
    requeued: 'Requeued manually',
  };
  return lines[type];
}

/** A disabled webhook and why it is, without the rest of its URL, which may contain a secret. */
export function disabledWords({ portfolio, url, description, disabledReason }: DisabledWebhook): string {
  const reasons: Record<NonNullable<DisabledWebhook['disabledReason']>, string> = {
    manual: 'disabled by an owner',
    gone: 'its receiver answered that it is gone',
    failing: 'no message was delivered for days',
  };
  const name = description === '' ? new URL(url).host : `${description} (${new URL(url).host})`;
  return `${name} of ${portfolio}: ${reasons[disabledReason ?? 'manual']}.`;
}

export const roleWords: Record<Role, string> = { viewer: 'Viewer', editor: 'Editor', owner: 'Owner' };

/** What a role may do, to choose between them. */
export const roleHints: Record<Role, string> = {
  viewer: 'reads all content, drafts included',
  editor: 'reads and writes content',
  owner: 'may do everything',
};

export type Person = Pick<Member, 'id' | 'name' | 'subject'>;

/** The name of a person: the one that they show, else the one by which they sign in, else their id. */
export function personWords({ id, name, subject }: Person): string {
  return name ?? subject ?? id;
}

/** The name of somebody who is mentioned by id, if a member; else the id, which is all that is known of them. */
export function memberWords(id: string, members: readonly Person[]): string {
  const member = members.find((each) => each.id === id);
  return member ? personWords(member) : id;
}

/** A fraction from 0 to 1 as a whole percentage, rounded down so that only 1 is 100. */
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
