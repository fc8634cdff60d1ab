import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { testApi } from '../../../tests/support/api.ts';

const png = Buffer.from('89504e470d0a1a0a', 'hex');
const uploadPath = '/api/v1/portfolios/team/images';

test('closing ends streams and connections, and lets a running request finish', async () => {
  const api = await testApi();
  const key = await api.issueKey('owner');
  await api.call('POST', '/api/v1/portfolios', { key, json: { slug: 'team', name: 'Team' } });

  const store = Promise.withResolvers<void>();
  const put = vi.spyOn(api.services.bucket, 'put').mockReturnValue(store.promise);
  const upload = api.call('POST', uploadPath, { key, body: png, headers: { 'content-type': 'image/png' } });
  await vi.waitFor(() => expect(put).toHaveBeenCalled());
  const subscribe = vi.spyOn(api.services.jobBus, 'subscribe');
  const stream = await api.call('GET', '/api/v1/jobs/changes', { key });
  await vi.waitFor(() => expect(subscribe).toHaveBeenCalled());
  const streamEnd = stream.text().then(
    () => 'ended',
    () => 'ended',
  );
  const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/trpc`);
  await once(socket, 'open');

  const closed = api.server.close();
  const [code] = await once(socket, 'close');
  expect(code).toBe(1001);
  expect(await streamEnd).toBe('ended');
  store.resolve();
  expect((await upload).status).toBe(201);
  await closed;
  await expect(api.call('GET', '/healthz')).rejects.toThrow('fetch failed');
  await api.stop();
});
