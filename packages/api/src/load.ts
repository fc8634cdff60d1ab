import { AppError } from '@portfolio/core/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the delay of the event loop is looked at: it is the mean since the last time. */
const windowMilliseconds = 1000;
/** Of so many windows the best one counts: one large answer, or a module that is loaded, is no lasting load. */
const windowCount = 3;
const resolutionMilliseconds = 20;

/** From when on new work is refused: whoever waits in such a queue has commonly left before it is his turn. */
const limits = { delayMilliseconds: 250, running: 500 };
/** Ready answers take next to nothing: they are refused only where not even those are in time. */
const limitsOfPublished = { delayMilliseconds: 1000, running: Infinity };

type Measured = { delayMilliseconds: number; running: number };

/** How much this process has to do. */
export type Load = { measure(): Measured; stop(): void };

/**
 * Measures the load of this process: by how much its event loop was late on average in each of the last three seconds at
 * least, and how many requests are being worked on, from when their bodies are there until their answers begin. So neither slow clients nor streams
 * of events count.
 */
export function createLoad(app: FastifyInstance): Load {
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
  }, windowMilliseconds).unref();
  return {
    measure: () => ({ delayMilliseconds: Math.min(...windows), running: running.size }),
    stop() {
      clearInterval(timer);
      delay.disable();
    },
  };
}

/** True where new work is refused. */
export function isSaturated(load: Load): boolean {
  return exceeds(load.measure(), limits);
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
    note(measured, exceeds(measured, limits));
    if (!isShedding || isOfHealth(request)) return done();
    if (readsPublished(request) && !exceeds(measured, limitsOfPublished)) return done();
    done(new AppError('unavailable', 'There is more to do than can be done; try again in a few seconds.'));
  });
}

const exceeds = (measured: Measured, limit: Measured) =>
  measured.delayMilliseconds > limit.delayMilliseconds || measured.running > limit.running;

const isOfHealth = ({ routeOptions: { url } }: FastifyRequest) => url === '/healthz' || url === '/readyz';

/** All that is read without a credential is published, or refused at once. */
const readsPublished = ({ method, headers }: FastifyRequest) =>
  (method === 'GET' || method === 'HEAD') && headers.authorization === undefined;
