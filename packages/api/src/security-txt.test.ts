import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { expect, test } from 'vitest';
import { silentLog } from '../../../tests/support/services.ts';
import { type ServerOptions, buildServer } from './server.ts';

async function read(options: Partial<ServerOptions>) {
  const server = await buildServer({
    services: { published: { onChange() {} } } as unknown as Services,
    authenticate: async () => anonymous,
    dependencies: {},
    log: silentLog,
    ...options,
  });
  return server.inject('/.well-known/security.txt');
}

test('security.txt says where flaws are reported, until a time within a year (RFC 9116)', async () => {
  const { statusCode, headers, body } = await read({
    security: { contact: 'mailto:security@example.com' },
  });
  expect([statusCode, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
  const [, expires] = /^Expires: (\S+)$/m.exec(body)!;
  const days = (Date.parse(expires!) - Date.now()) / (24 * 3_600_000);
  expect(days).toBeGreaterThan(30);
  expect(days).toBeLessThan(365);
  expect(body.replace(expires!, 'then')).toBe(
    'Contact: mailto:security@example.com\nExpires: then\nPreferred-Languages: en\n',
  );
});

test('security.txt names its own address and the policy, where these are known', async () => {
  const { body } = await read({
    security: { contact: 'https://example.com/contact', policy: 'https://example.com/policy' },
    publicOrigin: 'https://portfolio.example.com',
  });
  expect(body).toContain('\nCanonical: https://portfolio.example.com/.well-known/security.txt\n');
  expect(body).toContain('\nPolicy: https://example.com/policy\n');
});

test('without a contact, there is no security.txt, also for a browser', async () => {
  expect((await read({})).json()).toMatchObject({ status: 404, code: 'not_found' });
});
