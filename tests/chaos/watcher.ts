import type { Client, Outputs } from '@portfolio/api/client';
import { setTimeout as wait } from 'node:timers/promises';

type Item = Awaited<Outputs['job']['events']> extends AsyncIterable<infer Tracked> ? Tracked : never;
type Stop = { stop(): void };

/** The events that a client received which followed a job from its beginning; `error` is why it gave up. */
export type Watched = {
  jobId: string;
  by: 'WebSocket' | 'SSE';
  seqs: number[];
  isDone: boolean;
  error?: string;
};

/** Follows a job with the typed client, which reconnects and resumes after the last event by itself. */
export function watchByWebSocket(api: Client, jobId: string): Watched & Stop {
  const watched: Watched = { jobId, by: 'WebSocket', seqs: [], isDone: false };
  const subscription = api.job.events.subscribe(
    { id: jobId, lastEventId: '0' },
    {
      onData: ({ data }: { data: Item['data'] }) => {
        if (data.type === 'event') watched.seqs.push(data.event.seq);
      },
      onComplete: () => void (watched.isDone = true),
      onError: ({ message }) => void (watched.error = message),
    },
  );
  return Object.assign(watched, { stop: () => subscription.unsubscribe() });
}

const pauseMilliseconds = 100;

/** Follows a job by server-sent events, and reconnects with `Last-Event-ID` as browsers do. */
export function watchByServerSentEvents(baseUrl: string, apiKey: string, jobId: string): Watched & Stop {
  const watched: Watched = { jobId, by: 'SSE', seqs: [], isDone: false };
  const stopped = new AbortController();

  async function follow() {
    const headers = {
      authorization: `Bearer ${apiKey}`,
      accept: 'text/event-stream',
      'last-event-id': String(watched.seqs.at(-1) ?? 0),
    };
    const answer = await fetch(`${baseUrl}/api/v1/jobs/${jobId}/events`, { headers, signal: stopped.signal });
    if (!answer.ok || !answer.body) throw new Error(`The stream was refused (${answer.status}).`);
    let text = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const messages = text.split('\n\n');
      text = messages.pop()!;
      for (const message of messages) read(message);
    }
  }

  function read(message: string) {
    const data = /^data: (.*)$/m.exec(message)?.[1];
    if (data === undefined) return;
    const item = JSON.parse(data) as Item['data'];
    if (item.type !== 'event') return;
    watched.seqs.push(item.event.seq);
    watched.isDone = !['queued', 'running'].includes(item.event.state);
  }

  void (async () => {
    while (!watched.isDone && !stopped.signal.aborted) {
      await follow().catch(() => {});
      await wait(pauseMilliseconds, undefined, { signal: stopped.signal }).catch(() => {});
    }
  })();
  return Object.assign(watched, { stop: () => stopped.abort() });
}
