import type { Job } from '../types.ts';
import { FailedIcon, QueuedIcon, RetryingIcon, RunningIcon, SucceededIcon } from './icons.tsx';
import { type ShownState, shownState, stateWords } from './words.ts';

const icons: Record<ShownState, () => React.JSX.Element> = {
  queued: QueuedIcon,
  retrying: RetryingIcon,
  running: RunningIcon,
  succeeded: SucceededIcon,
  failed: FailedIcon,
};

/** A job's state as icon, word and colour. */
export function StateBadge({ job }: { job: Job }) {
  const state = shownState(job);
  const StateIcon = icons[state];
  return (
    <span className={`badge ${state}`}>
      <StateIcon />
      {stateWords[state]}
    </span>
  );
}
