import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { operation } from '@portfolio/core/operation';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { identifyCallers } from '../admission.ts';
import { Authenticator } from '../authenticator.ts';
import { createPublishedCache } from '../published-cache.ts';
import { createPublishedReads } from '../published-reads.ts';
import { createFollow } from '../follow.ts';
import { Connections } from '../trpc/connection-limits.ts';
import { createBind } from './bind.ts';

const greet = operation({
  name: 'test.greet',
  kind: 'query',
  summary: 'Greets.',
  scope: 'portfolio:read',
  public: true,
  input: z.strictObject({ name: z.string() }),
  output: z.object({ greeting: z.string() }),
  tenant: 'none',
  run: async (_ctx, { name }) => ({ greeting: `Hello, ${name}.` }),
});

test('a deprecated route reports its deprecation, its sunset and its successor', async () => {
  const app = Fastify();
  const services = {} as Services;
  identifyCallers(app, new Authenticator(async () => anonymous), undefined);
  const bind = createBind(app, {
    services,
    publishedReads: createPublishedReads(
      services,
      createPublishedCache(() => false),
    ),
    follow: createFollow(
      services,
      async () => anonymous,
      () => {},
    ),
    connections: new Connections(),
    closing: new AbortController().signal,
  });
  bind.operation(greet, {
    method: 'GET',
    path: '/greetings/:name',
    deprecated: {
      since: new Date('2027-01-01T00:00:00Z'),
      sunset: new Date('2027-07-01T00:00:00Z'),
      successor: '/api/v2/greetings',
    },
  });
  const answer = await app.inject('/api/v1/greetings/Ada');
  expect(answer.json()).toEqual({ greeting: 'Hello, Ada.' });
  expect(answer.headers).toMatchObject({
    deprecation: '@1798761600',
    sunset: 'Thu, 01 Jul 2027 00:00:00 GMT',
    link: '</api/v2/greetings>; rel="successor-version"',
  });
});
