import type { AppProcess } from './environment.ts';
import { receives } from './wire/requests.ts';
import type { Outcome, Request } from './wire/rules.ts';

/** A moment of a request: before its server gets it, or when it is done and the worker does not know yet. */
export type Moment = { when: 'before' | 'after'; request: Request };

/**
 * Acts at every moment of a worker's requests for a job: from the message that brings it, over what names its id, to
 * the removal of that message. Until the returned function is called.
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
