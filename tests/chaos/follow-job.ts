import type { AppProcess } from './environment.ts';
import { hasMessages, isClaim, receives, removes } from './wire/requests.ts';
import type { Outcome, Request } from './wire/rules.ts';

/** A moment of a request: before the server gets it, or after it was carried out and before the worker knows. */
export type Moment = { when: 'before' | 'after'; request: Request };

/** Requests that name no job; those of the worker of a job may be about it. */
export const isShared = (request: Request) => isClaim(request) || receives(request) || removes(request);

/**
 * Calls `act` before and after each request of a worker that may be about a job, while it has no other: receiving a
 * message and removing it, claims, and all requests that contain the id of the job. It stops when the returned function is
 * called.
 */
export function followJob(
  { postgres, aws }: Pick<AppProcess, 'postgres' | 'aws'>,
  jobId: string,
  act: (moment: Moment) => Outcome | Promise<Outcome>,
): () => void {
  const belongs = (request: Request) => request.text.includes(jobId) || isClaim(request) || removes(request);
  const stops = [postgres, aws].flatMap((tap) =>
    (['before', 'after'] as const).map((when) =>
      tap.always(when, belongs, (request) => act({ when, request })),
    ),
  );
  const stopReceiving = aws.always('after', receives, (request, answer) =>
    hasMessages(answer) ? act({ when: 'after', request }) : 'pass',
  );
  return () => [...stops, stopReceiving].forEach((stop) => stop());
}
