import type { Actor } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { AppError, type ErrorCode } from '@portfolio/core/errors';
import type { StreamOperation } from '@portfolio/core/operation';
import type { OpenStream, Receiver } from '@portfolio/core/stream';
import type { z } from 'zod';
import type { Authenticate } from './authenticate.ts';

/** Who follows a stream: what it presented (`credentialOf`), and the actor that this was when the stream began. */
type Follower = { credential: string | undefined; actor: Actor };

/** Opens streams for clients, whose credential and access are checked again while they follow. */
export type Follow = <I extends z.ZodObject, O extends z.ZodType>(
  operation: StreamOperation<I, O>,
  follower: Follower,
  input: z.input<I>,
  receiver: Receiver<z.output<O>>,
) => Promise<OpenStream>;

type End = (error: AppError) => void;
/** What is checked for all streams that depend on it, and how they end. */
type Check = { dueAt: number; run(): Promise<unknown>; ends: Set<End> };

const refusals = new Set<ErrorCode>(['unauthenticated', 'forbidden', 'not_found']);
const ticksPerInterval = 30;
/** How many checks run at a time. */
const maxRunning = 4;

/**
 * Streams outlive credentials and memberships. In each interval, each credential is checked once, and once what each
 * credential follows, however many streams that concerns. They end with the error where they are refused.
 */
export function createFollow(
  services: Services,
  authenticate: Authenticate,
  logError: (error: unknown) => void,
  recheckMilliseconds = 30_000,
): Follow {
  const checks = createChecks(recheckMilliseconds, logError);
  const { signal } = new AbortController();
  /** The actors of credentials, as of their last check. */
  const actors = new Map<string, Actor>();

  function checkCredential(credential: string, end: End) {
    const leave = checks.join(credential, end, async () => {
      actors.set(credential, await authenticate(credential));
    });
    return () => {
      if (leave()) actors.delete(credential);
    };
  }

  return async (operation, { credential = '', actor }, input, receiver) => {
    const leaves: (() => unknown)[] = [];
    let isOver = false;
    const leave = () => {
      isOver = true;
      for (const step of leaves) step();
    };
    const stream = await operation.open({ ...services, actor, signal }, input, {
      item: (item) => receiver.item(item),
      isFull: () => receiver.isFull(),
      end(error) {
        leave();
        receiver.end(error);
      },
    });
    if (isOver) return stream;
    const refuse = (error: AppError) => {
      leave();
      stream.close();
      receiver.end(error);
    };
    const target = `${credential} ${operation.name} ${JSON.stringify({ ...input, lastEventId: undefined })}`;
    leaves.push(
      checkCredential(credential, refuse),
      checks.join(target, refuse, () =>
        operation.authorize({ ...services, actor: actors.get(credential) ?? actor, signal }, input),
      ),
    );
    return {
      resume: () => stream.resume(),
      close() {
        leave();
        stream.close();
      },
    };
  };
}

/** Checks that run once in an interval each, by one timer: one after the other, but past those that are slow. */
function createChecks(intervalMilliseconds: number, logError: (error: unknown) => void) {
  const checks = new Map<string, Check>();
  let timer: NodeJS.Timeout | undefined;
  let running = 0;
  // Spread, also where many begin at once.
  const due = () => Date.now() + intervalMilliseconds * (0.75 + Math.random() / 4);

  async function tick() {
    if (running === maxRunning) return;
    running += 1;
    for (const check of checks.values()) if (check.dueAt <= Date.now()) await runCheck(check);
    running -= 1;
  }

  async function runCheck(check: Check) {
    check.dueAt = Infinity;
    try {
      await check.run();
    } catch (error) {
      // A check that fails for another reason says nothing about the credential.
      if (error instanceof AppError && refusals.has(error.code)) endAll(check.ends, error);
    }
    check.dueAt = due();
  }

  function endAll(ends: Iterable<End>, refusal: AppError) {
    for (const end of ends) {
      try {
        end(refusal);
      } catch (error) {
        logError(error);
      }
    }
  }

  return {
    /** Returns the function that leaves; it returns true for the last one. */
    join(key: string, end: End, run: () => Promise<unknown>): () => boolean {
      const check = checks.get(key) ?? { dueAt: due(), run, ends: new Set() };
      checks.set(key, check);
      check.ends.add(end);
      timer ??= setInterval(() => void tick(), intervalMilliseconds / ticksPerInterval).unref();
      return () => {
        check.ends.delete(end);
        if (check.ends.size > 0 || checks.get(key) !== check) return false;
        checks.delete(key);
        if (checks.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
        return true;
      };
    },
  };
}
