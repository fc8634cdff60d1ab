import { allOperations } from '@portfolio/core';
import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import type { Operation } from '@portfolio/core/operation';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { PublishedCache } from '../published-cache.ts';

const byName = new Map(allOperations.map((operation) => [operation.name, operation]));

type Call = { operation: Operation; input: Record<string, unknown> };

const never = new AbortController().signal;

/**
 * Answers strangers' queries from the cache, in the form that tRPC gives them. Whatever it cannot read, or what is
 * refused, is left to tRPC.
 */
export function answerPublished(
  scope: FastifyInstance,
  { services, cache }: { services: Services; cache: PublishedCache },
) {
  const ctx = { ...services, actor: anonymous, signal: never };

  async function read({ operation, input }: Call): Promise<Buffer> {
    const portfolio = typeof input.portfolio === 'string' ? input.portfolio : undefined;
    const load = async () => {
      const output = await operation.run(ctx, input);
      return { body: Buffer.from(JSON.stringify({ result: { data: output } })), headers: {} };
    };
    const key = `trpc ${operation.name} ${JSON.stringify(input)}`;
    return (await cache.read(key, portfolio, load)).body;
  }

  scope.addHook('preHandler', async (request, reply) => {
    const { method, headers } = request;
    if (method !== 'GET' || headers.authorization !== undefined || headers['trpc-accept'] !== undefined)
      return;
    const { batch, input } = request.query as Record<string, string | undefined>;
    const calls = readCalls(request, batch === '1', input);
    if (!calls) return;
    const answers = await Promise.all(calls.map(read)).catch(() => null);
    if (!answers) return;
    const body = batch === '1' ? joined(answers) : answers[0]!;
    await reply.type('application/json').header('vary', 'authorization, trpc-accept').send(body);
  });
}

/** The typed client keeps its batches below this; each call in a batch costs as much as one alone. */
export const maxBatchSize = 100;

/** The calls of a request; undefined unless all of them are queries of published things. */
function readCalls(request: FastifyRequest, isBatch: boolean, input = '{}'): Call[] | undefined {
  const { path } = request.params as { path: string };
  const names = isBatch ? path.split(',') : [path];
  if (names.length > maxBatchSize) return undefined;
  const inputs = parseObject(input);
  const calls = names.map((name, at) => {
    const operation = byName.get(name);
    const given = isBatch ? (inputs?.[at] ?? {}) : inputs;
    if (operation?.kind !== 'query' || !operation.public || !isObject(given)) return undefined;
    return { operation, input: given };
  });
  return calls.every((call) => call !== undefined) ? calls : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function joined(answers: Buffer[]): Buffer {
  const parts = answers.flatMap((answer, at) => [Buffer.from(at === 0 ? '[' : ','), answer]);
  return Buffer.concat([...parts, Buffer.from(']')]);
}
