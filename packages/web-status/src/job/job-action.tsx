import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTRPC, useTRPCClient } from '../api.tsx';
import type { Job } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { isOpen } from '../ui/words.ts';

/** The action that a job allows in its state. Webhook deliveries are not retried: they are redelivered instead. */
function actionOn(job: Job): 'cancel' | 'retry' | undefined {
  if (isOpen(job)) return job.cancelRequestedAt ? undefined : 'cancel';
  return job.state === 'succeeded' || job.kind === 'webhook.deliver' ? undefined : 'retry';
}

const words = { cancel: 'Cancel', retry: 'Retry' };

/** The button that cancels or retries a job. The stream of changes then updates the job. */
export function JobAction({ job }: { job: Job }) {
  const action = actionOn(job);
  const api = useTRPCClient();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const change = useMutation({
    mutationFn: (chosen: 'cancel' | 'retry') => api.job[chosen].mutate({ id: job.id }),
    onSuccess: (changed) => queryClient.setQueryData(trpc.job.read.queryKey({ id: job.id }), changed),
  });
  return (
    <div className="job-action">
      {action && (
        <button
          type="button"
          className="button small"
          disabled={change.isPending}
          onClick={() => change.mutate(action)}
        >
          {words[action]} <span className="visually-hidden">{job.title}</span>
        </button>
      )}
      <ActionProblem error={change.error} />
    </div>
  );
}
