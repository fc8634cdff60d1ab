import Fastify, { type FastifyInstance } from 'fastify';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerOpenApiPage } from './openapi-page.ts';

let app: FastifyInstance;
beforeAll(async () => {
  app = Fastify();
  await registerOpenApiPage(app);
});
afterAll(() => app.close());

test('the page allows only its own scripts, by address or by hash, and connects only to its own server', async () => {
  const { body, headers } = await app.inject('/api/docs/');
  const directives = String(headers['content-security-policy']).split('; ');
  const inline = /<script type="text\/javascript">([^]*?)<\/script>/.exec(body)![1]!;
  const hash = createHash('sha256').update(inline).digest('base64');
  expect(directives).toContain(`script-src 'self' 'sha256-${hash}'`);
  expect(directives).toEqual(expect.arrayContaining(["default-src 'none'", "connect-src 'self'"]));
});

test('the page refers to no other host, and the server has the script that it loads', async () => {
  const { body } = await app.inject('/api/docs/');
  expect(body).not.toMatch(/https?:/);
  const [, script] = /<script src="([^"]+)"/.exec(body)!;
  const { statusCode, headers } = await app.inject(`/api/docs/${script}`);
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toContain('javascript');
});
