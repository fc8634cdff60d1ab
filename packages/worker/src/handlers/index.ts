import type { Encryption, Scanner } from '@portfolio/core/context';
import type { JobKind } from '@portfolio/core/job/kinds';
import { createHostBreakers } from '@portfolio/core/runtime/host-breakers';
import type { Logger } from '@portfolio/core/runtime/log';
import type { Handler } from '../handler.ts';

export type Handlers = { [Kind in JobKind]: () => Promise<Handler<Kind>> };

type HandlerOptions = {
  /** Lets handlers fetch from addresses that are not public. */
  allowPrivate: boolean;
  encryption: Encryption;
  scanner: Scanner | null;
  log: Logger;
};

/** The handler of each kind of job, loaded when the first job of the kind runs. */
export function createHandlers({ allowPrivate, encryption, scanner, log }: HandlerOptions): Handlers {
  const hosts = createHostBreakers(log);
  return {
    'export.pdf': async () => (await import('./export-pdf.ts')).exportPdf,
    'evidence.sync': async () =>
      (await import('./evidence-sync.ts')).createEvidenceSync({ allowPrivate, hosts, scanner }),
    'metrics.report': async () => (await import('./metrics-report.ts')).metricsReport,
    'webhook.deliver': async () =>
      (await import('./webhook-deliver.ts')).createWebhookDeliver({ allowPrivate, hosts, encryption }),
  };
}
