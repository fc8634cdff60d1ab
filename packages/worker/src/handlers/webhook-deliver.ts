import type { Encryption } from '@portfolio/core/context';
import { UnreadableSecret } from '@portfolio/core/runtime/encryption';
import { type GuardedResponse, OutboundError, guardedFetch } from '@portfolio/core/runtime/guarded-fetch';
import type { HostBreakers } from '@portfolio/core/runtime/host-breakers';
import { webhooks } from '@portfolio/core/telemetry/contract';
import { traceparentOf } from '@portfolio/core/telemetry/trace';
import { disableGone, fetchToSend, recordAttempt } from '@portfolio/core/webhook/attempts';
import { signatureOf } from '@portfolio/core/webhook/secret';
import { type Secrets, readSecrets } from '@portfolio/core/webhook/stored-secrets';
import { type Handler, PermanentError, TemporaryError } from '../handler.ts';

/** A receiver should accept a message and process it later: only the status of its response counts. */
const limits = { maxBytes: 1024 * 1024, timeoutMilliseconds: 15_000 };
const gone = 410;

type ToSend = NonNullable<Awaited<ReturnType<typeof fetchToSend>>>;

/** Sends a message to a webhook's URL, signed according to Standard Webhooks, and records the outcome. */
export function createWebhookDeliver({
  allowPrivate,
  hosts,
  encryption,
}: {
  allowPrivate: boolean;
  hosts: HostBreakers;
  encryption: Encryption;
}): Handler<'webhook.deliver'> {
  return async ({ deliveryId }, { db, job, signal, progress }) => {
    const delivery = await fetchToSend(db, deliveryId);
    if (!delivery) throw new PermanentError('not_found', 'The webhook was deleted.');
    // An earlier attempt may have been interrupted after the receiver had accepted the message.
    if (delivery.state === 'delivered') return { responseStatus: delivery.responseStatus! };
    if (!delivery.enabled && delivery.event !== 'ping') {
      throw new PermanentError('webhook_disabled', 'The webhook is disabled.');
    }
    const secrets = await secretsOf(encryption, delivery);
    progress(0.1, 'Sending the message');
    try {
      const responseStatus = await post(delivery, secrets, {
        traceparent: traceparentOf(job.traceparent),
        allowPrivate,
        hosts,
        signal,
      });
      await recordAttempt(db, deliveryId, { isDelivered: true, responseStatus, error: null });
      return { responseStatus };
    } catch (error) {
      if (!(error instanceof Undelivered)) throw error;
      const { responseStatus, message, isPermanent } = error;
      await recordAttempt(db, deliveryId, { isDelivered: false, responseStatus, error: message });
      if (responseStatus === gone) await disableGone(db, deliveryId);
      throw isPermanent
        ? new PermanentError('webhook_refused', message)
        : new TemporaryError('webhook_failed', message);
    }
  };
}

async function secretsOf(encryption: Encryption, { stored }: ToSend): Promise<Secrets> {
  try {
    return await readSecrets(encryption, stored);
  } catch (cause) {
    if (!(cause instanceof UnreadableSecret)) throw cause;
    throw new TemporaryError(
      'secret_unreadable',
      'The secret of the webhook cannot be decrypted. Ask the operator, or rotate the secret.',
      { cause },
    );
  }
}

/** A failed delivery; `responseStatus` is null if there was no response. */
class Undelivered extends Error {
  readonly responseStatus: number | null;
  readonly isPermanent: boolean;

  constructor(message: string, responseStatus: number | null, isPermanent: boolean) {
    super(message);
    this.name = 'Undelivered';
    this.responseStatus = responseStatus;
    this.isPermanent = isPermanent;
  }
}

async function post(
  delivery: ToSend,
  { secret, previousSecret }: Secrets,
  {
    traceparent,
    hosts,
    ...how
  }: { traceparent: string; hosts: HostBreakers; allowPrivate: boolean; signal: AbortSignal },
): Promise<number> {
  const { url, messageId: id, payload } = delivery;
  const body = JSON.stringify(payload);
  const timestampSeconds = Math.floor(Date.now() / 1000);
  const secrets = [secret, ...(previousSecret === null ? [] : [previousSecret])];
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'portfolio-webhooks',
    traceparent,
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatureOf({ id, timestampSeconds, body }, secrets),
  };
  const request = hosts.run(url, () =>
    measured(() => guardedFetch(url, { ...limits, ...how, method: 'POST', headers, body })),
  );
  const response = await request.catch((error: unknown) => {
    throw error instanceof OutboundError ? toUndelivered(error) : error;
  });
  response.body.on('error', () => {}).destroy();
  const { status } = response;
  if (isAccepted(response)) return status;
  const hint = status >= 300 && status < 400 ? ' Redirects are not followed.' : '';
  throw new Undelivered(`The receiver responded with status ${status}.${hint}`, status, status === gone);
}

const isAccepted = ({ status }: GuardedResponse) => status >= 200 && status < 300;

/** Measures a request that is sent: one that the circuit breaker of the host refuses is none. */
async function measured(send: () => Promise<GuardedResponse>): Promise<GuardedResponse> {
  const beganAt = performance.now();
  const record = (outcome: 'delivered' | 'refused' | 'unreachable') =>
    webhooks.deliveries.record((performance.now() - beganAt) / 1000, { outcome });
  try {
    const response = await send();
    record(isAccepted(response) ? 'delivered' : 'refused');
    return response;
  } catch (error) {
    if (error instanceof OutboundError) record('unreachable');
    throw error;
  }
}

function toUndelivered({ code, message }: OutboundError): Undelivered {
  const isTemporary = code === 'timed_out' || code === 'unreachable';
  return new Undelivered(`The message could not be sent. ${message}`, null, !isTemporary);
}
