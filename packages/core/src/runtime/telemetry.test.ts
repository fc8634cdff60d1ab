import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { runIn, startSpan } from '../telemetry/trace.ts';
import { type Telemetry, startTelemetry } from './telemetry.ts';

let lines: string[] = [];
const log = pino({ level: 'info' }, { write: (line) => void lines.push(line) });

let started: Telemetry | undefined;
let parts = new AsyncDisposableStack();
afterEach(async () => {
  await started?.close();
  await parts.disposeAsync();
  parts = new AsyncDisposableStack();
  lines = [];
});

async function start(settings: {
  METRICS_PORT?: number;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  OTEL_SDK_DISABLED?: boolean;
}) {
  const given = { OTEL_SDK_DISABLED: false, ...settings };
  started = await startTelemetry(given, { program: 'worker', version: '1', log });
  return started;
}

/** A server on loopback that answers all requests by 200, with the paths of them. */
async function listening() {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url!);
    request.resume();
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  parts.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { paths, port, url: `http://127.0.0.1:${port}` };
}

test('metrics are served at /metrics of the port of the loopback address, and nothing else is', async () => {
  const { metricsPort } = await start({ METRICS_PORT: 0 });
  const served = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  expect(served.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await served.text()).toContain('process_uptime_seconds ');
  expect((await fetch(`http://127.0.0.1:${metricsPort}/`)).status).toBe(404);
});

test('a port that another program has is logged, and the program starts without /metrics', async () => {
  const { port } = await listening();
  expect((await start({ METRICS_PORT: port })).metricsPort).toBeUndefined();
  expect(lines.join('')).toContain('metrics are not served');
});

test('with an endpoint, traces and metrics are sent to it, the last of them at the end', async () => {
  const { url, paths } = await listening();
  await start({ OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/` });
  await runIn(startSpan('work'), async () => {});
  await started!.close();
  expect(paths.toSorted()).toEqual(['/v1/metrics', '/v1/traces']);
});

test('with an endpoint and a port, metrics are served and not sent', async () => {
  const { url, paths } = await listening();
  const { metricsPort } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: url, METRICS_PORT: 0 });
  await runIn(startSpan('work'), async () => {});
  expect((await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).status).toBe(200);
  await started!.close();
  expect(paths).toEqual(['/v1/traces']);
});

test('an unreachable endpoint is logged once, and does not prevent the stop', async () => {
  await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
  await runIn(startSpan('work'), async () => {});
  await started!.close();
  await eventually(() => expect(lines).toHaveLength(1));
  expect(lines[0]).toContain('telemetry could not be exported');
});

test('OTEL_SDK_DISABLED turns telemetry off, although an endpoint and a port are set', async () => {
  const { url, paths } = await listening();
  const { metricsPort } = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    METRICS_PORT: 0,
    OTEL_SDK_DISABLED: true,
  });
  expect(metricsPort).toBeUndefined();
  expect(startSpan('work').isRecording()).toBe(false);
  await started!.close();
  expect(paths).toEqual([]);
});

// Takes two seconds, which is what it is about.
test('where no collector answers, a stop waits two seconds for the last export', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  parts.defer(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  await start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
  const startedAt = performance.now();
  await started!.close();
  const seconds = (performance.now() - startedAt) / 1000;
  expect(seconds).toBeGreaterThan(1.9);
  expect(seconds).toBeLessThan(4);
});
