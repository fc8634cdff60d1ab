import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { simulateWorker } from '../../../../tests/support/simulate-worker.ts';
import type { Outputs } from '../client.ts';

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
  expect(await idsOf(await after('4'))).toEqual([]);
  expect((await after('yesterday')).status).toBe(422);
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
  const subscribe = vi.spyOn(api.services.jobBus, 'subscribe');
  const client = new AbortController();
  await api.call('GET', '/api/v1/jobs/changes', { key, signal: client.signal });
  const signal = await eventually(() => subscribe.mock.lastCall![1]);
  expect(signal.aborted).toBe(false);
  client.abort();
  await eventually(() => expect(signal.aborted).toBe(true));
  subscribe.mockRestore();
});

test('a stream has no HEAD', async () => {
  const id = await acceptJob();
  expect((await api.call('HEAD', `/api/v1/jobs/${id}`, { key })).status).toBe(200);
  expect((await api.call('HEAD', `/api/v1/jobs/${id}/events`, { key })).status).toBe(405);
});
