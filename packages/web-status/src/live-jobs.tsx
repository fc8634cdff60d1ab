import { isTemporary } from '@portfolio/api/client';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, createContext, use, useState } from 'react';
import { useStream, useTRPC } from './api.tsx';
import type { Job } from './types.ts';
import { stateChange } from './ui/words.ts';

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'off';

type Received = {
  /** The newest version of every job that changed while the page was open, and of the last ones before. */
  jobs: ReadonlyMap<string, Job>;
  /** The last change of a job's state, in words. */
  news: string;
};

type LiveJobs = Received & { connection: Connection };

const LiveJobsContext = createContext<LiveJobs | null>(null);

/** Follows the changes of all jobs for as long as somebody is signed in. */
export function LiveJobsProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [{ jobs, news }, setReceived] = useState<Received>({ jobs: new Map(), news: '' });
  const [wasLive, setWasLive] = useState(false);

  const { status } = useStream(
    trpc.job.changes.subscriptionOptions(
      {},
      {
        onStarted() {
          setWasLive(true);
          // What failed while the server was away.
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
  return <LiveJobsContext value={{ jobs, connection, news }}>{children}</LiveJobsContext>;
}

function receive(before: Received, job: Job): Received {
  const known = before.jobs.get(job.id);
  if (known && known.lastSeq >= job.lastSeq) return before;
  const isChange = known && known.state !== job.state;
  return { jobs: new Map(before.jobs).set(job.id, job), news: isChange ? stateChange(job) : before.news };
}

export function useLiveJobs(): LiveJobs {
  const live = use(LiveJobsContext);
  if (!live) throw new Error('useLiveJobs() needs a LiveJobsProvider above it.');
  return live;
}
