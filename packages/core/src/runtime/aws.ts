import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { FinalizeRequestMiddleware, MiddlewareStack } from '@smithy/types';
import { dependencies } from '../telemetry/contract.ts';
import { SpanKind, inSpan } from '../telemetry/trace.ts';
import type { Breaker } from './breaker.ts';

export type AwsSettings = { region: string; endpoint: string | undefined };

/**
 * How long a response to a small request may take to begin. Two attempts are shorter than a transaction may be idle, since
 * the relay sends within one.
 */
export const promptMilliseconds = 3000;
/** The same for a request with a part of a file (5 MiB). */
export const uploadMilliseconds = 30_000;

/**
 * The options of an AWS client: few, short attempts, since callers retry by themselves. `requestTimeout` is how long a
 * response may take to begin, unless a call overrides it. `socketTimeout` limits how long a connection may be idle, also
 * within the body of a response. Both are in milliseconds.
 */
export function clientOptions(
  { region, endpoint }: AwsSettings,
  timeouts: { requestTimeout: number; socketTimeout?: number },
) {
  return {
    region,
    ...(endpoint && { endpoint }),
    maxAttempts: 2,
    // Without `throwOnRequestTimeout`, a timeout is only logged, and an unresponsive server is waited for without end.
    requestHandler: { connectionTimeout: 2000, ...timeouts, throwOnRequestTimeout: true },
  } satisfies S3ClientConfig;
}

/**
 * Puts a circuit breaker around every request of an AWS client, and measures it, each attempt for itself. The command `probe` checks
 * whether the service is available, and always passes.
 */
export function guardClient<Input extends object, Output extends object>(
  { middlewareStack }: { middlewareStack: MiddlewareStack<Input, Output> },
  breaker: Breaker,
  probe: string,
) {
  const guard: FinalizeRequestMiddleware<Input, Output> =
    (next, { clientName = '', commandName = '' }) =>
    (request) => {
      const send = () => measured(clientName, commandName, () => next(request));
      return commandName === probe ? send() : breaker.run(send);
    };
  middlewareStack.addRelativeTo(guard, {
    name: 'breaker',
    // After the signing of links, which sends no request.
    relation: 'after',
    toMiddleware: 'httpSigningMiddleware',
  });
}

/** Measures a request by its command, and has a span of it where the caller is traced. */
function measured<T>(clientName: string, commandName: string, send: () => Promise<T>): Promise<T> {
  const service = clientName.replace(/Client$/, '');
  const method = commandName.replace(/Command$/, '');
  const attributes = { 'rpc.system': 'aws-api', 'rpc.service': service, 'rpc.method': method };
  const started = performance.now();
  const record = (outcome: 'ok' | 'failed') =>
    dependencies.aws.record((performance.now() - started) / 1000, { 'rpc.method': method, outcome });
  const options = { kind: SpanKind.CLIENT, attributes, isFailure };
  return inSpan(`${service}.${method}`, options, async () => {
    try {
      const answer = await send();
      record('ok');
      return answer;
    } catch (error) {
      if (!isAborted(error)) record(isMissing(error) ? 'ok' : 'failed');
      throw error;
    }
  });
}

const isFailure = (error: unknown) => !isAborted(error) && !isMissing(error);

const isAborted = (error: unknown) => error instanceof Error && error.name === 'AbortError';

function isMissing(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode === 404;
}
