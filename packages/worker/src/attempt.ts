import { type JobOutcome, jobs } from '@portfolio/core/telemetry/contract';
import {
  type Span,
  SpanKind,
  markFailed,
  newSpanContext,
  readTraceparent,
  startSpan,
  writeTraceparent,
} from '@portfolio/core/telemetry/trace';
import { type Claimed, unreadablePayload } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { LeaseLost } from './leases.ts';

/** How an attempt has ended: `code` is that of the error that users see, `error` what was thrown. */
type End = { outcome: JobOutcome; code?: string | undefined; error?: unknown; isStored?: boolean };

/**
 * Begins to report an attempt, by metrics, by a span in the trace of its job, and by one line in the log at its end. The
 * span has the place of the job in its trace as parent, and as link for viewers that show queues so.
 */
export function beginAttempt(
  { id, kind, attempt, traceparent, waitSeconds }: Claimed,
  log: Logger,
): { span: Span; traceparent: string; end(how: End): void } {
  const beganAt = performance.now();
  const ofKind = { 'job.kind': kind };
  const cause = readTraceparent(traceparent) ?? newSpanContext();
  const attributes = { 'job.id': id, 'job.kind': kind, 'job.attempt': attempt };
  const span = startSpan(`attempt ${kind}`, {
    kind: SpanKind.CONSUMER,
    parent: cause,
    links: [cause],
    attributes,
  });
  jobs.started.add(1, ofKind);
  jobs.waits.record(waitSeconds, ofKind);
  return {
    span,
    traceparent: writeTraceparent(span.spanContext()),
    end({ outcome, code, error, isStored = true }) {
      const runSeconds = (performance.now() - beganAt) / 1000;
      jobs.ended.add(1, { ...ofKind, outcome });
      jobs.runs.record(runSeconds, { ...ofKind, outcome });
      const level = isStored ? levelOf(outcome, code) : 'error';
      span.setAttribute('job.outcome', outcome);
      if (level !== 'info') markFailed(span, error ?? new LeaseLost());
      span.end();
      const about = { jobId: id, kind, attempt, outcome, waitSeconds, runSeconds, code };
      const err = level === 'info' || error instanceof LeaseLost ? undefined : error;
      log[level]({ trace_id: cause.traceId, ...about, err }, 'attempt');
    },
  };
}

/** What somebody may have to look at is a warning; that an end was not stored is an error. */
function levelOf(outcome: JobOutcome, code: string | undefined): 'info' | 'warn' {
  if (outcome === 'succeeded' || outcome === 'cancelled') return 'info';
  if (outcome === 'postponed') return code === 'unavailable' || code === unreadablePayload ? 'warn' : 'info';
  return 'warn';
}
