import type { Outcome, Request } from './rules.ts';

/** Predicates for the requests that faults affect, and the answer of a broken server. */
export const isSqs = ({ to }: Request) => to === 'sqs';
export const sends = ({ name }: Request) => name === 'SendMessage';
/** Receives from the queues of jobs, not from the dead-letter queue. */
export const receives = ({ name, text }: Request) => name === 'ReceiveMessage' && !text.includes('-dead');
/** True for an answer of SQS that contains messages. */
export const hasMessages = (answer: string) => answer.includes('ReceiptHandle');
export const removes = ({ name }: Request) => name === 'DeleteMessageBatch';
export const uploads = ({ to, name }: Request) => to === 's3' && name === 'PUT';
export const commits = ({ name }: Request) => name.startsWith('commit');
export const isClaim = (request: Request) => labelOf(request) === 'started';

/** A short label of a request: the event of a transition, the beginning of a statement, or the action. */
export function labelOf({ to, name, text }: Request): string {
  if (to !== 'postgres') return name;
  const [, event] = /last_seq, '(\w+)'/.exec(text) ?? /"outcome":"(\w+)"/.exec(text) ?? [];
  return event ?? name.slice(0, 30);
}

export const pass = (): Outcome => 'pass';
export const internalError = (): Outcome => ({
  status: 500,
  body: JSON.stringify({ __type: 'com.amazonaws.sqs#InternalError', message: 'Try again.' }),
});
