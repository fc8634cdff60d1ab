import { listenHttp } from '@portfolio/core/runtime/listen-http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean };
type Attribute = { key: string; value: Value };
type Link = { traceId: string; spanId: string };
type SentSpan = Link & {
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes?: Attribute[];
  links?: Link[];
  status?: { code?: number; message?: string };
};
type Resource = { attributes: Attribute[] };
type Traces = { resourceSpans?: { resource: Resource; scopeSpans: { spans: SentSpan[] }[] }[] };

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

export type ReceivedSpan = {
  /** The program that sent it, such as `portfolio-api`. */
  service: string;
  name: string;
  kind: (typeof kinds)[number];
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  attributes: Readonly<Record<string, unknown>>;
  links: readonly Link[];
  isError: boolean;
};

/** A collector of OpenTelemetry over HTTP: stores the spans that programs send to it, by their trace. */
export async function startOtlpReceiver() {
  const spans: ReceivedSpan[] = [];
  const bodies: string[] = [];
  const { port, close } = await listenHttp({ host: '127.0.0.1', port: 0 }, (request, response) => {
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const sent = await buffer(request);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString();
    bodies.push(text);
    if (request.url === '/v1/traces') spans.push(...readSpans(JSON.parse(text) as Traces));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  return {
    /** What programs are told by OTEL_EXPORTER_OTLP_ENDPOINT. */
    endpoint: `http://127.0.0.1:${port}`,
    /** The spans of a trace that have arrived so far, in the order of their arrival. */
    spansOf: (traceId: string) => spans.filter((span) => span.traceId === traceId),
    /** All that was sent, spans and metrics, as text. */
    bodies: (): readonly string[] => bodies,
    close,
  };
}

function readSpans({ resourceSpans = [] }: Traces): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(readAttributes(resource.attributes)['service.name']);
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => readSpan(service, span)));
  });
}

function readSpan(service: string, sent: SentSpan): ReceivedSpan {
  const { name, kind, traceId, spanId, parentSpanId, attributes = [], links = [], status } = sent;
  return {
    service,
    name,
    kind: kinds[kind]!,
    traceId,
    spanId,
    parentSpanId,
    attributes: readAttributes(attributes),
    links,
    isError: status?.code === 2,
  };
}

const readAttributes = (attributes: Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]));
