import { allOperations } from '@portfolio/core';
import type { Operation } from '@portfolio/core/operation';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type PublishedReads, isAnonymous, isPublishedRead } from '../published-reads.ts';

const published = new Map(
  allOperations.flatMap((operation) =>
    isPublishedRead(operation) ? [[operation.name, operation as Operation]] : [],
  ),
);

type Call = { operation: Operation; input: Record<string, unknown> };

/**
 * Answers anonymous queries from the cache, in the format of tRPC. Requests that it cannot read and calls that fail are
 * passed on to tRPC.
 */
export function answerPublished(scope: FastifyInstance, publishedReads: PublishedReads) {
  async function read({ operation, input }: Call): Promise<Buffer> {
    const { body } = await publishedReads.read({
      operation,
      key: `trpc ${operation.name} ${JSON.stringify(input)}`,
      portfolio: typeof input.portfolio === 'string' ? input.portfolio : undefined,
      readInput: () => input,
      encode: (output) => ({ body: Buffer.from(JSON.stringify({ result: { data: output } })), headers: {} }),
    });
    return body;
  }

  scope.addHook('preHandler', async (request, reply) => {
    if (request.method !== 'GET' || !isAnonymous(request) || request.headers['trpc-accept'] !== undefined)
      return;
    const { batch, input } = request.query as Record<string, string | undefined>;
    const calls = readCalls(request, batch === '1', input);
    if (!calls) return;
    const answers = await Promise.all(calls.map(read)).catch(() => null);
    if (!answers) return;
    const body = batch === '1' ? joined(answers) : answers[0]!;
    await reply.type('application/json').header('vary', 'authorization, cookie, trpc-accept').send(body);
  });
}

/** The typed client sends smaller batches. Each call of a batch costs as much as a request of its own. */
export const maxBatchSize = 100;

/** The calls of a request; undefined unless all of them are queries that anonymous readers may send. */
function readCalls(request: FastifyRequest, isBatch: boolean, input = '{}'): Call[] | undefined {
  const { path } = request.params as { path: string };
  const names = isBatch ? path.split(',') : [path];
  if (names.length > maxBatchSize) return undefined;
  const inputs = parseObject(input);
  const calls = names.map((name, at) => {
    const operation = published.get(name);
    const given = isBatch ? (inputs?.[at] ?? {}) : inputs;
    return operation && isObject(given) ? { operation, input: given } : undefined;
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
