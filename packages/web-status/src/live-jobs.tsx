import { isTemporary } from '@portfolio/api/client';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, createContext, use, useState } from 'react';
import { useStream, useTRPC } from './api.tsx';
import type { Job } from './types.ts';
import { stateChange } from './ui/words.ts';

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'off';

type Received = {
  /** The latest version of each job that changed recently or while the page was open, by its id. */
  jobs: ReadonlyMap<string, Job>;
  /** The last change of a job's state, for screen readers. */
  announcement: string;
};

type LiveJobs = Received & { connection: Connection };

const LiveJobsContext = createContext<LiveJobs | null>(null);

/** Follows the changes of all jobs of the signed-in user. */
export function LiveJobsProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [{ jobs, announcement }, setReceived] = useState<Received>({ jobs: new Map(), announcement: '' });
  const [wasLive, setWasLive] = useState(false);

  const { status } = useStream(
    trpc.job.changes.subscriptionOptions(
      {},
      {
        onStarted() {
          setWasLive(true);
          // Retries queries that failed while the server was unavailable.
          void queryClient.refetchQueries({
            type: 'active',
            predicate: ({ state }) => state.status === 'error' && isTemporary(state.error),
          });
        },
        onData: ({ data }) => setReceived((before) => receive(before, data)),
      },
    ),
  );

  const waiting = status === 'error' ? 'off' : wasLive ? 'reconnecting' : 'connecting';
  const connection = status === 'pending' ? 'live' : waiting;
  return <LiveJobsContext value={{ jobs, connection, announcement }}>{children}</LiveJobsContext>;
}

function receive(before: Received, job: Job): Received {
  const known = before.jobs.get(job.id);
  if (known && known.lastSeq >= job.lastSeq) return before;
  const isChange = known && known.state !== job.state;
  return {
    jobs: new Map(before.jobs).set(job.id, job),
    announcement: isChange ? stateChange(job) : before.announcement,
  };
}

export function useLiveJobs(): LiveJobs {
  const live = use(LiveJobsContext);
  if (!live) throw new Error('useLiveJobs() must be called within a LiveJobsProvider.');
  return live;
}
