import type { Job } from '../types.ts';
import {
  CancelledIcon,
  DeadIcon,
  FailedIcon,
  QueuedIcon,
  RetryingIcon,
  RunningIcon,
  SucceededIcon,
} from './icons.tsx';
import { type ShownState, shownState, stateWords } from './words.ts';

const icons: Record<ShownState, () => React.JSX.Element> = {
  queued: QueuedIcon,
  retrying: RetryingIcon,
  running: RunningIcon,
  succeeded: SucceededIcon,
  failed: FailedIcon,
  cancelling: RunningIcon,
  cancelled: CancelledIcon,
  dead: DeadIcon,
};

/** The state of a job as an icon, a word and a colour. */
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
