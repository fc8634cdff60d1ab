import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { simulateWorker } from '../../../../tests/support/simulate-worker.ts';
import { user } from '../../../../tests/support/services.ts';
import type { Outputs } from '../client.ts';
import { Connections } from '../trpc/connection-limits.ts';

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await testApi();
  key = await api.issueKey('owner');
  const studies = '/api/v1/portfolios/team/case-studies';
  await api.call('POST', '/api/v1/portfolios', { key, json: { slug: 'team', name: 'Team' } });
  await api.call('POST', studies, { key, json: { slug: 'faster', title: 'Faster' } });
});
afterAll(() => api.stop());

async function acceptJob(): Promise<string> {
  const path = '/api/v1/portfolios/team/case-studies/faster/exports';
  const response = await api.call('POST', path, { key });
  return ((await response.json()) as Outputs['job']['read']).id;
}

type Message = { id: string; data: object };

/** Reads the messages of a stream as they arrive. Comments are skipped. */
async function* messagesOf(response: Response): AsyncGenerator<Message> {
  let unread = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (unread + chunk).split('\n\n');
    unread = blocks.pop()!;
    for (const block of blocks) {
      if (block.startsWith(':')) continue;
      const [, id, data] = /^id: (.+)\ndata: (.+)$/.exec(block)!;
      yield { id: id!, data: JSON.parse(data!) as object };
    }
  }
}

/** The remaining messages of a stream that ends. */
async function restOf(messages: AsyncGenerator<Message>): Promise<Message[]> {
  const rest: Message[] = [];
  for await (const message of messages) rest.push(message);
  return rest;
}

async function idsOf(response: Response): Promise<string[]> {
  return (await restOf(messagesOf(response))).map(({ id }) => id);
}

test('a stream of a job begins with a snapshot, sends each event and ends with the job', async () => {
  const id = await acceptJob();
  const worker = await simulateWorker(api, id);
  const response = await api.call('GET', `/api/v1/jobs/${id}/events`, { key });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const messages = messagesOf(response);
  expect((await messages.next()).value).toMatchObject({
    id: '2',
    data: { type: 'snapshot', job: { id, state: 'running' } },
  });
  await worker.progress(0.5);
  await worker.succeed();
  expect(await restOf(messages)).toMatchObject([
    { id: '3', data: { type: 'event', event: { seq: 3, type: 'progress', progress: 0.5 } } },
    { id: '4', data: { type: 'event', event: { seq: 4, type: 'succeeded' } } },
  ]);
});

test('a client that reconnects with Last-Event-ID gets exactly the events that it missed', async () => {
  const id = await acceptJob();
  const worker = await simulateWorker(api, id);
  await worker.progress(0.5);
  await worker.fail();
  const after = (lastEventId: string) =>
    api.call('GET', `/api/v1/jobs/${id}/events`, { key, headers: { 'last-event-id': lastEventId } });
  expect(await idsOf(await after('2'))).toEqual(['3', '4']);
  expect((await after('yesterday')).status).toBe(422);
});

test('a client that has received the end of a job is told not to connect again', async () => {
  const id = await acceptJob();
  const worker = await simulateWorker(api, id);
  await worker.fail();
  const after = (lastEventId: string) =>
    api.call('GET', `/api/v1/jobs/${id}/events`, { key, headers: { 'last-event-id': lastEventId } });
  for (const lastEventId of ['3', '4']) {
    const response = await after(lastEventId);
    expect(response.status).toBe(204);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBeNull();
  }
  expect(await idsOf(await after('2'))).toEqual(['3']);
  expect(await idsOf(await api.call('GET', `/api/v1/jobs/${id}/events`, { key }))).toEqual(['3']);
});

test('changes resume after the cursor of the last one', async () => {
  const id = await acceptJob();
  const worker = await simulateWorker(api, id);
  const client = new AbortController();
  const follow = (headers: Record<string, string> = {}) =>
    api.call('GET', '/api/v1/jobs/changes', { key, headers, signal: client.signal }).then(messagesOf);
  const first = await follow();
  let last: Message;
  do last = (await first.next()).value as Message;
  while ((last.data as { id: string }).id !== id);
  await worker.progress(0.5);
  const live = (await first.next()).value as Message;
  expect(live.data).toMatchObject({ id, progress: 0.5 });
  await worker.succeed();
  const resumed = await follow({ 'last-event-id': live.id });
  expect(((await resumed.next()).value as Message).data).toMatchObject({ id, state: 'succeeded' });
  client.abort();
});

test('refusals are problem documents, before any stream begins', async () => {
  const id = await acceptJob();
  const nonMember = await api.issueKey('non-member');
  for (const [given, status] of [
    [{}, 401],
    [{ key: nonMember }, 404],
    [{ key, headers: { 'last-event-id': '-1' } }, 422],
  ] as const) {
    const response = await api.call('GET', `/api/v1/jobs/${id}/events`, given);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  }
});

test('a stream ends its subscription when its client disconnects', async () => {
  const watch = vi.spyOn(api.services.jobFeed, 'watchChanges');
  const client = new AbortController();
  await api.call('GET', '/api/v1/jobs/changes', { key, signal: client.signal });
  const place = await (watch.mock.results[0]!.value as ReturnType<typeof watch>);
  const leave = vi.spyOn(place, Symbol.dispose);
  client.abort();
  await eventually(() => expect(leave).toHaveBeenCalled());
  watch.mockRestore();
});

test('a stream has no HEAD', async () => {
  const id = await acceptJob();
  expect((await api.call('HEAD', `/api/v1/jobs/${id}`, { key })).status).toBe(200);
  expect((await api.call('HEAD', `/api/v1/jobs/${id}/events`, { key })).status).toBe(405);
});

describe('streams over HTTP and connections of WebSocket', () => {
  const { addStream } = Connections.prototype;

  function limited(limits: { connectionsPerAddress: number; connectionsPerActor: number }) {
    const connections = new Connections(limits);
    const add = vi.spyOn(Connections.prototype, 'addStream');
    return add.mockImplementation((...args) => addStream.apply(connections, args));
  }

  test('are refused beyond the number of a credential, and beyond that of an address, until one ends', async () => {
    for (const limits of [
      { connectionsPerAddress: 10, connectionsPerActor: 2 },
      { connectionsPerAddress: 2, connectionsPerActor: 10 },
    ]) {
      const add = limited(limits);
      const clients = [new AbortController(), new AbortController()];
      const follow = (signal: AbortSignal | null = null) =>
        api.call('GET', '/api/v1/jobs/changes', { key, signal });
      for (const { signal } of clients) expect((await follow(signal)).status).toBe(200);
      const refused = await follow();
      expect(refused.status).toBe(429);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await refused.json()).toMatchObject({ code: 'too_many_requests' });
      clients[0]!.abort();
      await eventually(async () => {
        const answer = await follow(clients[1]!.signal);
        expect(answer.status).toBe(200);
      });
      clients[1]!.abort();
      add.mockRestore();
    }
  });

  test('count together', async () => {
    const subject = 'owner';
    const connections = new Connections({ connectionsPerAddress: 10, connectionsPerActor: 2 });
    const [socket, answer, other] = [new EventEmitter(), new EventEmitter(), new EventEmitter()];
    connections.addActor(user(subject), socket);
    connections.addAddress('127.0.0.1', socket);
    connections.addStream(user(subject), '127.0.0.1', answer);
    expect(() => connections.addStream(user(subject), '127.0.0.1', other)).toThrow('Too many connections');
    expect(() => connections.addActor(user(subject), other)).toThrow('Too many connections');
    socket.emit('close');
    connections.addStream(user(subject), '127.0.0.1', other);
  });
});
