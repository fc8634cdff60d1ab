import { AppError } from '@portfolio/core/errors';
import { http } from '@portfolio/core/telemetry/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { hasBody } from './rest/bodies.ts';
import { credentialOf } from './credential.ts';

/** The lowest delay of these windows counts, so that one slow request or the load of a module is not saturation. */
const windowCount = 3;
const resolutionMilliseconds = 20;

/** The limits beyond which a process is saturated. */
export type LoadLimits = {
  /** The period over which the delay of the event loop is averaged. */
  windowMilliseconds: number;
  /** Beyond this delay, requests are refused: most clients would time out before they are served. */
  delayMilliseconds: number;
  /** Beyond this delay, published reads are refused too, although the cache makes them cheap. */
  delayOfPublishedMilliseconds: number;
  /** The number of concurrent requests. */
  running: number;
};

const defaultLimits: LoadLimits = {
  windowMilliseconds: 1000,
  delayMilliseconds: 250,
  delayOfPublishedMilliseconds: 1000,
  running: 500,
};

type Measured = { delayMilliseconds: number; running: number };

/** The load of this process. */
export type Load = {
  measure(): Measured;
  /** Counts a request as running, unless it has a body that is still to come. */
  begin(request: FastifyRequest): void;
  /** True where requests are refused. */
  isSaturated(measured?: Measured): boolean;
  /** True where published reads are refused as well. */
  isOverwhelmed(measured: Measured): boolean;
  stop(): void;
};

/**
 * Measures the load of this process: the mean delay of its event loop, and the number of running requests. A request runs
 * from the end of its body to the start of its answer, so slow clients and event streams do not count, while those that
 * wait for the look-up of their credential do.
 */
export function createLoad(app: FastifyInstance, limits = defaultLimits): Load {
  const running = new Set<FastifyRequest>();
  app.addHook('preHandler', (request, _reply, done) => {
    running.add(request);
    done();
  });
  app.addHook('onRequestAbort', (request, done) => {
    running.delete(request);
    done();
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    running.delete(request);
    done(null, payload);
  });

  const delay = monitorEventLoopDelay({ resolution: resolutionMilliseconds });
  delay.enable();
  const windows = Array.from({ length: windowCount }, () => 0);
  const timer = setInterval(() => {
    windows.shift();
    windows.push(Math.max(0, (delay.mean || 0) / 1e6 - resolutionMilliseconds));
    delay.reset();
  }, limits.windowMilliseconds).unref();
  const measure = () => ({ delayMilliseconds: Math.min(...windows), running: running.size });
  const endCount = http.active.observe(() => [{ value: running.size, labels: {} }]);
  return {
    measure,
    begin(request) {
      if (!hasBody(request.headers)) running.add(request);
    },
    isSaturated: (measured = measure()) =>
      measured.delayMilliseconds > limits.delayMilliseconds || measured.running > limits.running,
    isOverwhelmed: (measured) => measured.delayMilliseconds > limits.delayOfPublishedMilliseconds,
    stop() {
      clearInterval(timer);
      delay.disable();
      endCount();
    },
  };
}

/**
 * Refuses requests with `unavailable` while the process is saturated, before any other work. Published reads are refused
 * last, and health checks never.
 */
export function shedLoad(app: FastifyInstance, load: Load) {
  let isShedding = false;
  let shed = 0;
  app.addHook(
    'onClose',
    http.shed.observe(() => [{ value: shed, labels: {} }]),
  );

  function logChange(measured: Measured, sheds: boolean) {
    if (sheds === isShedding) return;
    isShedding = sheds;
    app.log[sheds ? 'warn' : 'info'](
      measured,
      sheds ? 'saturated; refusing requests' : 'no longer saturated',
    );
  }

  app.addHook('onRequest', (request, _reply, done) => {
    const measured = load.measure();
    logChange(measured, load.isSaturated(measured));
    const mayPass = isHealthCheck(request) || (readsPublished(request) && !load.isOverwhelmed(measured));
    if (isShedding && !mayPass) {
      shed += 1;
      return done(new AppError('unavailable', 'The server is overloaded. Retry in a few seconds.'));
    }
    load.begin(request);
    done();
  });
}

const isHealthCheck = ({ routeOptions: { url } }: FastifyRequest) => url === '/healthz' || url === '/readyz';

/** A read without a credential is of published data, or is refused without work. */
const readsPublished = ({ method, headers }: FastifyRequest) =>
  (method === 'GET' || method === 'HEAD') && credentialOf(headers) === undefined;
