import type { Outcome, Request } from './rules.ts';

/** Predicates for the requests that faults affect, and the answer of a broken server. */
export const isSqs = ({ to }: Request) => to === 'sqs';
export const sends = ({ name }: Request) => name === 'SendMessageBatch';
/** Receives from the queue, not from the dead-letter queue. */
export const receives = ({ name, text }: Request) => name === 'ReceiveMessage' && !text.includes('-dead');
export const removes = ({ name }: Request) => name === 'DeleteMessage';
export const uploads = ({ to, name }: Request) => to === 's3' && name === 'PUT';
export const commits = ({ name }: Request) => name.startsWith('commit');
export const isClaim = (request: Request) => labelOf(request) === 'started';

/** A short label of a request: the event of a transition, the beginning of a statement, or the action. */
export function labelOf({ to, name, text }: Request): string {
  if (to !== 'postgres') return name;
  return /last_seq, '(\w+)'/.exec(text)?.[1] ?? name.slice(0, 30);
}

export const pass = (): Outcome => 'pass';
export const internalError = (): Outcome => ({
  status: 500,
  body: JSON.stringify({ __type: 'com.amazonaws.sqs#InternalError', message: 'Try again.' }),
});
