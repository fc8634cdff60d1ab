import { type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/** The process's logger: a JSON line each on standard output. Credentials in headers never reach it. */
export function createLog(name: string, level: string): Logger {
  return pino({
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    redact: ['req.headers.authorization', 'req.headers.cookie'],
  });
}
