import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { FinalizeRequestMiddleware, MiddlewareStack } from '@smithy/types';
import type { Breaker } from './breaker.ts';

export type AwsSettings = { region: string; endpoint: string | undefined };

/**
 * How long an answer may take to begin where little is sent. Two tries of it are shorter than a transaction may be idle,
 * since the relay sends in one.
 */
export const promptMilliseconds = 3000;
/** The same where the request brings a part of a file (5 MiB), or the queue works on it. */
export const uploadMilliseconds = 30_000;

/**
 * What an AWS client is made with: few, short tries, since the callers have their own ways to wait.
 * `requestTimeout` is how long an answer may take to begin, unless a call says otherwise; with `socketTimeout`, nothing
 * may stand still for longer, the body of an answer included (both in milliseconds).
 */
export function clientOptions(
  { region, endpoint }: AwsSettings,
  timeouts: { requestTimeout: number; socketTimeout?: number },
) {
  return {
    region,
    ...(endpoint && { endpoint }),
    maxAttempts: 2,
    // Without the last one, a silent server is only complained of, and waited for without end.
    requestHandler: { connectionTimeout: 2000, ...timeouts, throwOnRequestTimeout: true },
  } satisfies S3ClientConfig;
}

/**
 * Puts a breaker around every request of an AWS client, each try for itself. The command `probe` asks whether the
 * service is there, and is always let through.
 */
export function guardClient<Input extends object, Output extends object>(
  { middlewareStack }: { middlewareStack: MiddlewareStack<Input, Output> },
  breaker: Breaker,
  probe: string,
) {
  const guard: FinalizeRequestMiddleware<Input, Output> =
    (next, { commandName }) =>
    (request) =>
      commandName === probe ? next(request) : breaker.run(() => next(request));
  middlewareStack.addRelativeTo(guard, {
    name: 'breaker',
    // Behind where links are signed, which asks nobody.
    relation: 'after',
    toMiddleware: 'httpSigningMiddleware',
  });
}
