import { type Logger, describeError } from '@portfolio/core/runtime/log';
import type { FastifyRequest } from 'fastify';

/** Longer than every address of the API. Others may have 16 KB. */
const maxPathLength = 500;
/** Calls of a batch may all fail. */
const maxFailures = 10;

const severities = ['info', 'warn', 'error'] as const;
type FailureLevel = (typeof severities)[number];
type Failure = { level: FailureLevel; error: unknown };

declare module 'fastify' {
  interface FastifyRequest {
    /** The errors that the line of the request names. */
    failures: Failure[] | undefined;
  }
}

/** The path of a request. Its query may contain personal search terms, or a credential by mistake. */
export const pathOf = ({ url }: Pick<FastifyRequest, 'url'>) => url.split('?', 1)[0]!.slice(0, maxPathLength);

/** The logger of requests. */
export const createRequestLog = (log: Logger): Logger =>
  log.child(
    {},
    {
      serializers: {
        req: (request: FastifyRequest) => ({
          method: request.method,
          path: pathOf(request),
          host: request.host,
          remoteAddress: request.ip,
        }),
        otherErrors: (errors: unknown[]) => errors.map(describeError),
      },
    },
  );

/** Adds an error to the line of a request, which has the level of the worst. */
export function noteFailure(request: FastifyRequest, level: FailureLevel, error: unknown) {
  request.failures ??= [];
  if (request.failures.length < maxFailures) request.failures.push({ level, error });
}

export type RequestEnd = {
  statusCode: number;
  milliseconds: number;
  /** What was followed, if it was a stream. */
  stream?: string | undefined;
  /** True where the client disconnected before the end of the response. */
  isAborted: boolean;
};

/**
 * Logs the one line of a request, when it is complete: changes and refused requests at `info`, successful reads, which are
 * most of the traffic, at `debug`.
 */
export function logRequest(
  request: FastifyRequest,
  { statusCode, milliseconds, stream, isAborted }: RequestEnd,
) {
  const { log, failures = [] } = request;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const [worst] = failures.toSorted((a, b) => severities.indexOf(b.level) - severities.indexOf(a.level));
  const level = worst?.level ?? (isRead && statusCode < 400 ? 'debug' : 'info');
  if (!(log as Logger).isLevelEnabled(level)) return;
  const others = failures.filter((failure) => failure !== worst).map(({ error }) => error);
  const about = {
    req: request,
    res: { statusCode },
    route: request.routeOptions.url,
    err: worst?.error,
    responseTime: milliseconds,
    ...(others.length > 0 && { otherErrors: others }),
    ...(stream !== undefined && { stream }),
    ...(isAborted && { aborted: true }),
  };
  log[level](about, 'request');
}
