import type { FastifyReply, FastifyRequest } from 'fastify';

export const json = 'application/json';
/** A line of JSON for each item. */
export const jsonLines = 'application/x-ndjson';

export type Respond = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** How an operation appears in HTTP. `Output` is the output of the operation. */
export type Binding<Output> = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below `/api/v1`; its parameters are fields of the operation's input. */
  path: string;
  /** Success status, 200 by default. With 204 the output is null and not sent. */
  status?: number;
  /** A second success status, and the outputs that get it. */
  otherwise?: { status: number; when: (output: Output) => boolean };
  headers?: (output: Output) => Record<string, string>;
  /** True where a GET may start a job. HEAD is refused there, since it must not change anything. */
  noHead?: true;
  /** Further representations by media type, rendered from the output. */
  formats?: Record<string, (output: Output) => string>;
  /** True for a list that is also sent as lines of JSON: all of its items, and not one page. */
  lines?: true;
  /** Further representations by media type, answered by another route. */
  instead?: Record<string, Respond>;
  /** Media types of a body of bytes, where it is not JSON. */
  consumes?: string[];
  /** True for a stream that ends by itself. It answers 204 to a client that has received its end. */
  mayEnd?: true;
  /** Start of deprecation (RFC 9745), end of support (RFC 8594) and the address to use instead. */
  deprecated?: { since: Date; sunset: Date; successor: string };
};

declare module 'fastify' {
  interface FastifyContextConfig {
    consumes?: string[] | undefined;
  }
}

/** Every media type in which a route can answer. JSON comes first, as the default. */
export function mediaTypesOf({
  formats = {},
  lines,
  instead = {},
}: Pick<Binding<never>, 'formats' | 'lines' | 'instead'>) {
  return [json, ...Object.keys(formats), ...(lines ? [jsonLines] : []), ...Object.keys(instead)] as const;
}
