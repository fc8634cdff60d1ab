import { startTelemetry } from '@portfolio/core/runtime/telemetry';
import { contract } from '@portfolio/core/telemetry/contract';
import {
  type AnyInstrument,
  type HotHistogram,
  type Program,
  allSeries,
  otherValue,
} from '@portfolio/core/telemetry/instrument';
import { prometheusName } from '@portfolio/core/telemetry/prometheus-name';
import {
  type SpanContext,
  SpanKind,
  markFailed,
  newSpanContext,
  startSpan,
} from '@portfolio/core/telemetry/trace';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { open as openFile, readFile, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectorPath } from '../../scripts/verify/install.ts';
import { gatewaySettings } from '../../stacks/k8s/collector-gateway.ts';
import { sidecarSettings } from '../../stacks/k8s/collector.ts';
import { eventually } from '../support/eventually.ts';
import { testFolder } from '../support/folder.ts';
import { silentLog } from '../support/services.ts';
import { freePort } from '../support/stack.ts';
import { send } from './support/https.ts';
import { createCertificates, startNginx } from './support/nginx.ts';

const region = 'eu-central-1';
const credentials = { AWS_ACCESS_KEY_ID: 'collector', AWS_SECRET_ACCESS_KEY: 'secret' };

/** A configuration with free ports of the loopback address instead of its own. */
type Placed = { text: string; ports: Record<string, number> };

/** Moves what listens at these ports, and what is reached at them, to free ports of the loopback address. */
async function place(settings: object, ports: readonly number[]): Promise<Placed> {
  let text = JSON.stringify(settings);
  const placed: Record<string, number> = {};
  for (const port of ports) {
    const free = await freePort();
    placed[port] = free;
    text = text
      .replaceAll(new RegExp(`"(?:0\\.0\\.0\\.0|127\\.0\\.0\\.1):${port}"`, 'g'), `"127.0.0.1:${free}"`)
      .replaceAll(`"host":"0.0.0.0","port":${port}`, `"host":"127.0.0.1","port":${free}`);
  }
  return { text, ports: placed };
}

/** Starts a collector, and waits until it is healthy. */
async function startCollector({ text, ports }: Placed) {
  const folder = await testFolder();
  const config = join(folder, 'config.yaml');
  await writeFile(config, text);
  const output = join(folder, 'output.log');
  const log = await openFile(output, 'w');
  const child: ChildProcess = spawn(collectorPath, [`--config=${config}`], {
    env: credentials,
    stdio: ['ignore', log.fd, log.fd],
  });
  const exited = once(child, 'exit');
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(await readFile(output, 'utf8'));
    expect((await fetch(`http://127.0.0.1:${ports[13_133]}/`)).status).toBe(200);
  });
  return {
    ports,
    output: () => readFile(output, 'utf8'),
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await log.close();
    },
  };
}

type Collector = Awaited<ReturnType<typeof startCollector>>;

type Attribute = { key: string; value: { stringValue?: string } };
type Body = {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: { traceId: string; name: string }[] }[];
  }[];
};

type Received = { traceId: string; name: string; service: string | undefined };

function spansOf({ resourceSpans }: Body): Received[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue;
    const spans = scopeSpans.flatMap((one) => one.spans);
    return spans.map(({ traceId, name }) => ({ traceId, name, service }));
  });
}

/** What X-Ray would receive: its endpoint, as far as the gateway knows it. */
async function startXray() {
  const spans: Received[] = [];
  const signatures: string[] = [];
  async function receive(request: IncomingMessage, response: ServerResponse) {
    const body = await buffer(request);
    const isZipped = request.headers['content-encoding'] === 'gzip';
    spans.push(...spansOf(JSON.parse(String(isZipped ? gunzipSync(body) : body)) as Body));
    signatures.push(request.headers.authorization ?? '');
    response.setHeader('content-type', 'application/json').end('{}');
  }
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    signatures,
    spansOf: (context: SpanContext) => spans.filter(({ traceId }) => traceId === context.traceId),
    named: (wanted: string) => spans.filter(({ name }) => name === wanted),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The gateway of a stage, except for the address of X-Ray, the encoding for it, and a shorter wait. */
function gatewayTo(address: string) {
  const { exporters, processors, ...settings } = gatewaySettings(region);
  return {
    ...settings,
    processors: { ...processors, tail_sampling: { ...processors.tail_sampling, decision_wait: '10s' } },
    exporters: { otlphttp: { ...exporters.otlphttp, traces_endpoint: address, encoding: 'json' } },
  };
}

/** The sidecar of a stage, except for the address of the gateway. */
function sidecarTo(port: number) {
  const { loadbalancing, ...exporters } = sidecarSettings.exporters;
  const dns = { hostname: '127.0.0.1', port: String(port) };
  return {
    ...sidecarSettings,
    exporters: { ...exporters, loadbalancing: { ...loadbalancing, resolver: { dns } } },
  };
}

const isHot = (instrument: AnyInstrument): instrument is HotHistogram => 'isHot' in instrument;

type Driven = AnyInstrument & {
  add?(count: number, labels: object): void;
  record?(value: number, labels: object): void;
  observe?(source: () => { value: number; labels: object }[]): () => void;
  series?(labels: object): { record(value: number): void };
};

/** Gives a value to every series of an instrument that can be known. */
function drive(instrument: Driven): () => void {
  const known = allSeries(instrument.labels);
  const example = Object.fromEntries(
    Object.entries(instrument.labels).map(([name, values]) => [
      name,
      'most' in values ? otherValue : values[0]!,
    ]),
  );
  const all = known.length > 0 ? known : [example];
  if (instrument.observe) return instrument.observe(() => all.map((labels) => ({ value: 1, labels })));
  for (const labels of all) {
    if (isHot(instrument)) (instrument as Driven).series!(labels).record(0.3);
    else if (instrument.record) instrument.record(0.3, labels);
    else instrument.add!(1, labels);
  }
  return () => {};
}

/** Runs work with the telemetry of a program, as its main file starts it, and ends it, which sends what is left. */
async function asProgram<T>(
  program: Program,
  settings: { OTEL_EXPORTER_OTLP_ENDPOINT?: string; METRICS_PORT?: number },
  work: (port: number | undefined) => Promise<T>,
): Promise<T> {
  const given = { OTEL_SDK_DISABLED: false, ...settings };
  const telemetry = await startTelemetry(given, { program, version: '1.2.3', log: silentLog });
  const own = contract.filter(({ programs }) => programs.includes(program));
  const ends = own.map((instrument) => drive(instrument as Driven));
  try {
    return await work(telemetry.metricsPort);
  } finally {
    await telemetry.close();
    for (const end of ends) end();
  }
}

/** The collector writes large bounds with an exponent. To Prometheus, from version 3, that is the same. */
const bound = (label: string) => label.replace(/^le="([\d.e+]+)"$/, (_, value) => `le="${Number(value)}"`);

/** Each series of a text of Prometheus by its name and sorted labels, and the type of each metric. */
function seriesOf(metrics: string) {
  const lines = metrics.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'));
  return new Set(
    lines.map((line) => {
      if (line.startsWith('#')) return line;
      const [, name, labels = ''] = /^([\w:]+)(?:\{(.*)\})? /.exec(line) ?? [];
      return `${name}{${(labels.match(/[\w.]+="(?:[^"\\]|\\.)*"/g) ?? []).map(bound).toSorted().join()}}`;
    }),
  );
}

/** As Prometheus 3 asks, to which names may contain any character. */
const accept = 'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';

const metricsAt = async (port: number) =>
  (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } })).text();
const endpointOf = ({ ports }: Collector) => `http://127.0.0.1:${ports[4318]}`;

describe('the collectors of a stage', () => {
  let xray: Awaited<ReturnType<typeof startXray>>;
  let gateway: Collector;
  const sidecars = {} as Record<Program, Collector>;
  beforeAll(async () => {
    xray = await startXray();
    gateway = await startCollector(await place(gatewayTo(xray.address), [4317, 8888, 13_133]));
    const settings = sidecarTo(gateway.ports[4317]!);
    for (const program of ['api', 'worker'] as const)
      sidecars[program] = await startCollector(await place(settings, [4318, 8888, 9464, 13_133]));
  });
  afterAll(async () => {
    await Promise.all(Object.values(sidecars).map((one) => one.stop()));
    await gateway.stop();
    await xray.stop();
  });

  test.each([
    ['sidecar', sidecarSettings],
    ['gateway', gatewaySettings(region)],
  ])('the configuration of the %s is valid as it is', async (_, settings) => {
    const file = join(await testFolder(), 'config.yaml');
    await writeFile(file, JSON.stringify(settings, null, 2));
    const { status, stderr } = spawnSync(collectorPath, ['validate', `--config=${file}`], {
      encoding: 'utf8',
      env: credentials,
    });
    expect([status, stderr]).toEqual([0, '']);
  });

  test.each(['api', 'worker'] as const)(
    'the sidecar of the %s has the series that the program serves itself, those of the contract',
    async (program) => {
      const served = await asProgram(program, { METRICS_PORT: 0 }, (port) => metricsAt(port!));
      const sidecar = sidecars[program];
      await asProgram(program, { OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(sidecar) }, async () => {});
      const found = await metricsAt(sidecar.ports[9464]!);
      expect(seriesOf(found)).toEqual(seriesOf(served));
      for (const instrument of contract.filter(({ programs }) => programs.includes(program)))
        expect(found, instrument.name).toMatch(new RegExp(`^# TYPE ${prometheusName(instrument)} `, 'm'));
    },
  );

  test('NGINX serves the metrics of the sidecar to whoever has the certificate for it', async () => {
    const certificates = createCertificates();
    const metrics = `127.0.0.1:${sidecars.api.ports[9464]}`;
    const nginx = await startNginx(certificates, { api: metrics, metrics });
    try {
      const { cert, key } = certificates.monitoring;
      const { body } = await send(nginx.ports.monitoring, certificates.authority.cert, {
        path: '/metrics',
        cert,
        key,
      });
      expect(body).toContain('# TYPE http_server_request_duration_seconds histogram');
    } finally {
      await nginx.stop('SIGTERM');
    }
  });

  test('the gateway keeps traces with an error or that were slow, whole, and a share of the others', async () => {
    const failed = newSpanContext();
    const slow = newSpanContext();
    const others = 1000;
    const now = Date.now();
    await asProgram('api', { OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(sidecars.api) }, async () => {
      startSpan('POST', { kind: SpanKind.SERVER, parent: failed }).end();
      startSpan('GET slow', { kind: SpanKind.SERVER, parent: slow, startTime: now - 500 }).end();
      for (let at = 0; at < others; at++)
        startSpan('GET', { kind: SpanKind.SERVER, parent: newSpanContext() }).end();
    });
    await asProgram('worker', { OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(sidecars.worker) }, async () => {
      const attempt = startSpan('attempt', { kind: SpanKind.CONSUMER, parent: failed });
      markFailed(attempt, new Error('broken'));
      attempt.end();
    });
    await eventually(() => {
      expect(new Set(xray.spansOf(failed).map(({ name, service }) => `${service} ${name}`))).toEqual(
        new Set(['portfolio-api POST', 'portfolio-worker attempt']),
      );
      expect(xray.spansOf(slow).map(({ name }) => name)).toEqual(['GET slow']);
      const kept = xray.named('GET').length;
      expect(kept).toBeGreaterThan(others * 0.05);
      expect(kept).toBeLessThan(others * 0.15);
    });
  });

  test('a sidecar serves metrics while there is no gateway, and while its name is unknown', async () => {
    const { loadbalancing } = sidecarSettings.exporters;
    const dns = { hostname: 'gateway.invalid', port: '4317' };
    const exporters = {
      ...sidecarSettings.exporters,
      loadbalancing: { ...loadbalancing, resolver: { dns } },
    };
    const nowhere = { ...sidecarSettings, exporters };
    const lonely = await startCollector(await place(nowhere, [4318, 8888, 9464, 13_133]));
    await asProgram('api', { OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(lonely) }, async () => {
      startSpan('GET', { kind: SpanKind.SERVER, parent: newSpanContext() }).end();
    });
    expect(await metricsAt(lonely.ports[9464]!)).toContain('# TYPE process_uptime_seconds gauge');
    await lonely.stop();
  });

  test('requests to X-Ray are signed for its region', () => {
    expect(xray.signatures.length).toBeGreaterThan(0);
    for (const signature of xray.signatures)
      expect(signature).toMatch(
        new RegExp(`^AWS4-HMAC-SHA256 Credential=collector/\\d{8}/${region}/xray/aws4_request`),
      );
  });

  test('each collector reports on itself, without loss, and says no more than it must', async () => {
    for (const one of [gateway, ...Object.values(sidecars)]) {
      const own = await metricsAt(one.ports[8888]!);
      expect(own).toMatch(/^otelcol_process_uptime/m);
      expect(own).toMatch(/^otelcol_receiver_accepted_spans/m);
      expect(own).not.toMatch(/^otelcol_exporter_send_failed_\w+\{.*\} [1-9]/m);
      expect(await one.output()).not.toMatch(/"level":"(error|fatal)"/);
    }
  });
});
