// The index of the package patches promises, which makes each one slower: only this file of it may be loaded.
import utils from 'aws-xray-sdk-core/dist/lib/utils.js';
import { type SpanContext, readTraceparent } from '../telemetry/trace.ts';

/** A place in a trace as AWS writes it, for the system attribute `AWSTraceHeader` of a message. */
export function writeXrayHeader({ traceId, spanId, traceFlags }: SpanContext): string {
  const root = `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
  return `Root=${root};Parent=${spanId};Sampled=${traceFlags & 1}`;
}

/** Reads what `writeXrayHeader` or a service of AWS has written; undefined if it names no place in a trace. */
export function readXrayHeader(given: string | undefined): SpanContext | undefined {
  const { root = '', parent = '', sampled } = utils.processTraceData(given);
  const [, seconds, rest] = /^1-([\da-f]{8})-([\da-f]{24})$/.exec(root) ?? [];
  return readTraceparent(`00-${seconds}${rest}-${parent}-${sampled === '1' ? '01' : '00'}`);
}
