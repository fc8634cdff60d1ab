import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Credential } from './credentials.ts';
import { headersOf } from './http.ts';
import type { Flood, Target } from './target.ts';

const streamCount = 1500;
const openingAtATime = 100;
/** A stream that has nothing to say yet may begin its answer later. */
const patienceMilliseconds = 200;
const graceMilliseconds = 5000;

type Stream = { request: ClientRequest; answer: string };

/**
 * As many streams at the same time, which stay open until the time is over: `200` counts those that did, `waiting` those
 * that were neither answered nor refused. They come from one address, or each `perAddress` of them from another.
 */
export const streams =
  (path: string, credential: Credential, perAddress = streamCount): Flood =>
  async (target, tally) => {
    const end = performance.now() + target.seconds * 1000;
    const opened: Stream[] = [];
    for (let at = 0; at < streamCount; at += openingAtATime) {
      const opening = Array.from({ length: openingAtATime }, (_, index) => {
        const address = addressOf(target, Math.floor((at + index) / perAddress));
        return openStream({ ...target, address }, path, credential(target, at + index));
      });
      opened.push(...(await Promise.all(opening)));
    }
    await wait(Math.max(0, end - performance.now()));
    await untilAnswered(opened);
    for (const stream of opened) {
      tally.add(stream.answer);
      stream.request.destroy();
    }
  };

/** Waits for answers that are late on a busy machine. */
async function untilAnswered(opened: Stream[]) {
  const end = performance.now() + graceMilliseconds;
  while (opened.some(({ answer }) => answer === 'waiting') && performance.now() < end)
    await wait(patienceMilliseconds);
}

/** Another address of the row, by its number. */
const addressOf = ({ address }: Target, at: number) =>
  address.replace(/\d+$/, (last) => String(Number(last) + at));

/** Resolves once the answer begins, and after a while in any case. */
function openStream({ port, address }: Target, path: string, authorization: string | undefined) {
  const { promise, resolve } = Promise.withResolvers<Stream>();
  const headers = { accept: 'text/event-stream', ...headersOf(authorization) };
  const sent = request({ host: '127.0.0.1', port, localAddress: address, path, headers, agent: false });
  const stream: Stream = { request: sent, answer: 'waiting' };
  setTimeout(() => resolve(stream), patienceMilliseconds);
  sent.once('response', (response: IncomingMessage) => {
    follow(response, stream);
    resolve(stream);
  });
  sent.on('error', () => {
    if (stream.answer === 'waiting') stream.answer = 'closed';
    resolve(stream);
  });
  sent.end();
  return promise;
}

/** tRPC says in an event, after the status 200, that it refuses a stream. */
function follow(response: IncomingMessage, stream: Stream) {
  stream.answer = String(response.statusCode);
  response.on('data', (data: Buffer) => {
    const refusal = /"httpStatus":(\d{3})/.exec(data.toString())?.[1];
    if (refusal) stream.answer = refusal;
  });
  response.once('end', () => {
    if (stream.answer === '200') stream.answer = 'ended';
  });
  response.on('error', () => {});
}
