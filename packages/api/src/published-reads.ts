import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import type { AnyOperation, Operation } from '@portfolio/core/operation';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { credentialOf } from './credential.ts';
import type { PublishedAnswer, PublishedCache, PublishedHit } from './published-cache.ts';

/** An anonymous query in the form of its transport. Input is read and output encoded on a cache miss only. */
type PublishedQuery<I extends z.ZodObject, O extends z.ZodType> = {
  operation: Operation<'query' | 'mutation', I, O>;
  /** Identifies the answer. Starts with its encoding, so that no two encodings share a key. */
  key: string;
  /** The portfolio whose changes invalidate the answer; undefined where changes of any portfolio do. */
  portfolio: string | undefined;
  readInput(): z.input<I>;
  encode(output: z.output<O>): PublishedAnswer;
};

/** Answers anonymous queries from the cache, and from the operation on a miss; throws what the operation throws. */
export type PublishedReads = {
  read<I extends z.ZodObject, O extends z.ZodType>(query: PublishedQuery<I, O>): Promise<PublishedHit>;
};

export function createPublishedReads(services: Services, cache: PublishedCache): PublishedReads {
  // Several readers may wait for one answer, so no single client can cancel it.
  const ctx = { ...services, actor: anonymous, signal: new AbortController().signal };
  return {
    read: ({ operation, key, portfolio, readInput, encode }) =>
      cache.read(key, portfolio, async () => encode(await operation.run(ctx, readInput()))),
  };
}

/** True for operations whose answers are the same for all anonymous readers. */
export const isPublishedRead = ({ kind, public: isPublic }: AnyOperation) => kind === 'query' && isPublic;

export const isAnonymous = ({ headers }: FastifyRequest) => credentialOf(headers) === undefined;
