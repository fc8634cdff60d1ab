import { AppError } from '@portfolio/core/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Of so many windows the best one counts: one large answer, or a module that is loaded, is no lasting load. */
const windowCount = 3;
const resolutionMilliseconds = 20;

/** When a process is saturated. */
export type LoadLimits = {
  /** The delay of the event loop is its mean over so long. */
  windowMilliseconds: number;
  /** From this delay on new work is refused: whoever waits in such a queue has commonly left before it is served. */
  delayMilliseconds: number;
  /** From this delay on ready answers are refused too, which take next to nothing. */
  delayOfPublishedMilliseconds: number;
  /** So many requests run at once. */
  running: number;
};

const defaultLimits: LoadLimits = {
  windowMilliseconds: 1000,
  delayMilliseconds: 250,
  delayOfPublishedMilliseconds: 1000,
  running: 500,
};

type Measured = { delayMilliseconds: number; running: number };

/** How much this process has to do. */
export type Load = {
  measure(): Measured;
  /** True where new work is refused. */
  isSaturated(measured?: Measured): boolean;
  /** True where even ready answers are refused. */
  isOverwhelmed(measured: Measured): boolean;
  stop(): void;
};

/**
 * Measures the load of this process: by how much its event loop was late on average in each of the last three windows
 * at least, and how many requests are being worked on, from when their bodies are there until their answers begin. So neither slow clients nor streams
 * of events count.
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
  return {
    measure,
    isSaturated: (measured = measure()) =>
      measured.delayMilliseconds > limits.delayMilliseconds || measured.running > limits.running,
    isOverwhelmed: (measured) => measured.delayMilliseconds > limits.delayOfPublishedMilliseconds,
    stop() {
      clearInterval(timer);
      delay.disable();
    },
  };
}

/**
 * Refuses requests with `unavailable` while the process is saturated, before anything is done for them; those of
 * strangers who read what is published last, and those for its health never.
 */
export function shedLoad(app: FastifyInstance, load: Load) {
  let isShedding = false;

  function note(measured: Measured, sheds: boolean) {
    if (sheds === isShedding) return;
    isShedding = sheds;
    app.log[sheds ? 'warn' : 'info'](measured, sheds ? 'saturated: work is refused' : 'no longer saturated');
  }

  app.addHook('onRequest', (request, _reply, done) => {
    const measured = load.measure();
    note(measured, load.isSaturated(measured));
    if (!isShedding || isOfHealth(request)) return done();
    if (readsPublished(request) && !load.isOverwhelmed(measured)) return done();
    done(new AppError('unavailable', 'There is more to do than can be done; try again in a few seconds.'));
  });
}

const isOfHealth = ({ routeOptions: { url } }: FastifyRequest) => url === '/healthz' || url === '/readyz';

/** All that is read without a credential is published, or refused at once. */
const readsPublished = ({ method, headers }: FastifyRequest) =>
  (method === 'GET' || method === 'HEAD') && headers.authorization === undefined;
