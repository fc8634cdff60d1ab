import type { AppProcess } from './environment.ts';
import { receives } from './wire/requests.ts';
import type { Outcome, Request } from './wire/rules.ts';

/** A moment of a request: before the server gets it, or after it was carried out and before the worker knows. */
export type Moment = { when: 'before' | 'after'; request: Request };

/**
 * Calls `act` before and after each request of a worker for a job: from receiving its message, over all requests that
 * contain its id, to deleting the message. It stops when the returned function is called.
 */
export function followJob(
  { postgres, aws }: Pick<AppProcess, 'postgres' | 'aws'>,
  jobId: string,
  act: (moment: Moment) => Outcome | Promise<Outcome>,
): () => void {
  const receipts: string[] = [];
  const belongs = ({ text }: Request) =>
    text.includes(jobId) || receipts.some((receipt) => text.includes(receipt));
  const stops = [postgres, aws].flatMap((tap) =>
    (['before', 'after'] as const).map((when) =>
      tap.always(when, belongs, (request) => act({ when, request })),
    ),
  );
  const stopReceiving = aws.always('after', receives, (request, answer) => {
    if (!answer.includes(jobId)) return 'pass';
    receipts.push(...readReceipts(answer));
    return act({ when: 'after', request });
  });
  return () => [...stops, stopReceiving].forEach((stop) => stop());
}

function readReceipts(answer: string): string[] {
  const { Messages = [] } = JSON.parse(answer) as { Messages?: { ReceiptHandle: string }[] };
  return Messages.map(({ ReceiptHandle }) => ReceiptHandle);
}
