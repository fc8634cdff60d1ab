import { publicPathsFor } from './public-paths.ts';

/** The idle timeout of the load balancers, which also limits the time until the first byte of a response. */
export const loadBalancerIdleSeconds = 60;

/** How long NGINX waits for open requests and WebSockets when it is stopped. */
export const nginxShutdownSeconds = 20;

/** The subject of the only client certificate that may read metrics, in the format of RFC 2253. */
const monitoringSubject = 'CN=portfolio-monitoring';

export type NginxFacts = {
  /** `consumers` and `browsers` are for the load balancers, `monitoring` is for mutual TLS inside the cluster. */
  ports: { consumers: number; browsers: number; monitoring: number };
  /** Host and port of the API, and of the metrics of its sidecars. */
  api: string;
  metrics: string;
  /** Directories: with `tls.crt` and `tls.key`; with `authorities.pem` and `revoked.pem`; for temporary files. */
  certificate: string;
  clients: string;
  scratch: string;
  accessLog: string;
};

/**
 * The configuration of NGINX in front of the API. The port tells the origin of a request: on `consumers`, the load
 * balancer has verified a client certificate and set its headers; on other ports these headers are not trusted.
 */
export const nginxConfig = (facts: NginxFacts) => `${main(facts)}
http {
${indent(settings(facts))}
${indent(identities(facts))}
${indent(traces)}
${indent(toApi)}
${indent(upstream('api', facts.api))}
${indent(upstream('metrics', facts.metrics))}
${indent(server(`listen ${facts.ports.consumers} ssl;`, health, routesFor('consumers'), metrics))}
${indent(server(`listen ${facts.ports.browsers} ssl;`, health, routesFor('browsers')))}
${indent(server(`listen ${facts.ports.monitoring} ssl;`, mutualTls(facts), metrics))}
}
`;

const indent = (text: string) => text.replaceAll(/^(?=.)/gm, '  ');

const main = ({ scratch }: NginxFacts) => `daemon off;
pid ${scratch}/nginx.pid;
worker_processes 2;
worker_shutdown_timeout ${nginxShutdownSeconds}s;
error_log stderr warn;
events {
  worker_connections 4096;
}`;

const settings = ({ scratch, accessLog, certificate }: NginxFacts) => `server_tokens off;
default_type application/octet-stream;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${scratch}/${of};`).join('\n')}
proxy_max_temp_file_size 16m;

log_format json escape=json '${logLine}';
access_log ${accessLog} json;

# With variables, each handshake reads the files, so that a renewed certificate needs no restart.
map "" $certificate {
  default ${certificate}/tls.crt;
}
map "" $certificate_key {
  default ${certificate}/tls.key;
}
ssl_certificate $certificate;
ssl_certificate_key $certificate_key;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_session_cache shared:tls:10m;

# NGINX buffers bodies, so that the API never waits for a slow client. The size limit is that of the API.
client_max_body_size 8m;
client_header_timeout 10s;
client_body_timeout 10s;
send_timeout 30s;
reset_timedout_connection on;
# The side that opens a connection must close it first: load balancers those to NGINX, and NGINX those to the API.
keepalive_timeout ${loadBalancerIdleSeconds + 15}s;
proxy_connect_timeout 3s;
proxy_send_timeout 30s;
# Times out before the load balancer does. Event streams and WebSockets send something twice as often.
proxy_read_timeout ${loadBalancerIdleSeconds - 5}s;

# Beginning to sign in costs the API a row, and needs no credential.
limit_req_zone $client zone=sign_in:4m rate=120r/m;
limit_req_status 429;
limit_req_log_level warn;`;

/** Without the query string, which may contain personal search terms. */
const logLine = JSON.stringify({
  time: '$time_iso8601',
  service: 'nginx',
  port: '$server_port',
  method: '$request_method',
  path: '$uri',
  status: '$status',
  client: '$client',
  certificate: '$identity',
  requestBytes: '$request_length',
  answerBytes: '$bytes_sent',
  seconds: '$request_time',
  apiSeconds: '$upstream_response_time',
  level: '$level',
  trace_id: '$trace_id',
  // Under which the load balancer logs the request.
  loadBalancerTraceId: '$http_x_amzn_trace_id',
});

const identities = ({ ports: { consumers, browsers, monitoring } }: NginxFacts) => `
# The load balancer appends the address of its client to X-Forwarded-For; for browsers that is CloudFront, which has
# appended the browser's address before. Earlier entries come from the client and are not trusted.
map $http_x_forwarded_for $last_address {
  default $remote_addr;
  "~(?:^|,) *(?<last>[^, ]+) *$" $last;
}
map $http_x_forwarded_for $last_but_one_address {
  default $remote_addr;
  "~(?:^|,) *(?<last_but_one>[^, ]+) *,[^,]*$" $last_but_one;
}
map $server_port $client {
  default $remote_addr;
  ${consumers} $last_address;
  ${browsers} $last_but_one_address;
}
map $server_port $identity {
  default "";
  ${consumers} $http_x_amzn_mtls_clientcert_subject;
  ${monitoring} $ssl_client_s_dn;
}
map $identity $is_monitoring {
  default 0;
  "${monitoringSubject}" 1;
}
map "$uri $http_upgrade" $upgrade {
  default "";
  "~*^/trpc websocket$" websocket;
}
map $upgrade $upgrade_connection {
  default upgrade;
  "" "";
}`;

/**
 * The trace of a request is that of the client's `traceparent` if it is valid (W3C Trace Context), else that of the load
 * balancer, else a new one. Whoever sends none gets the flag 00: what is recorded is up to the API.
 */
const traces = `
map $http_traceparent $given_trace_id {
  default "";
  "~^(?!ff)[0-9a-f]{2}-(?!0{32})(?<given_trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)" $given_trace;
}
map $http_x_amzn_trace_id $load_balancer_trace_id {
  default "";
  "~(?:^|;) *Root=1-(?<epoch>[0-9a-f]{8})-(?<unique>[0-9a-f]{24})(?:;|$)" $epoch$unique;
}
map $load_balancer_trace_id $made_trace_id {
  default $load_balancer_trace_id;
  "" $request_id;
}
map $given_trace_id $trace_id {
  default $given_trace_id;
  "" $made_trace_id;
}
map $request_id $span_id {
  "~(?<last_half>[0-9a-f]{16})$" $last_half;
}
map $given_trace_id $traceparent {
  default $http_traceparent;
  "" 00-$made_trace_id-$span_id-00;
}
map $status $level {
  default info;
  ~^5 error;
}`;

/** Headers by which applications identify clients behind a proxy. All are removed. */
const identityHeaders = [
  'Forwarded',
  'X-Real-IP',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Server',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Amzn-Mtls-Clientcert',
  'X-Amzn-Mtls-Clientcert-Issuer',
  'X-Amzn-Mtls-Clientcert-Leaf',
  'X-Amzn-Mtls-Clientcert-Serial-Number',
  'X-Amzn-Mtls-Clientcert-Subject',
  'X-Amzn-Mtls-Clientcert-Validity',
  'X-Amzn-Oidc-Accesstoken',
  'X-Amzn-Oidc-Data',
  'X-Amzn-Oidc-Identity',
  'Proxy',
];

/** NGINX is the only proxy that the API trusts (TRUSTED_PROXY_HOPS is 1), so it sets the client's address. */
const toApi = `
proxy_http_version 1.1;
proxy_set_header Host $host;
proxy_set_header Connection $upgrade_connection;
proxy_set_header Upgrade $upgrade;
proxy_set_header X-Forwarded-For $client;
proxy_set_header X-Forwarded-Proto https;
proxy_set_header Traceparent $traceparent;
${identityHeaders.map((name) => `proxy_set_header ${name} "";`).join('\n')}`;

const upstream = (name: string, address: string) => `
upstream ${name} {
  server ${address};
  keepalive 64;
  keepalive_timeout 60s;
}`;

const strictTransport = 'add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;';

type Refusal = {
  from: string;
  status: number;
  code: string;
  title: string;
  detail: string;
  retryAfterSeconds?: number;
};

/** NGINX's own errors, as problem details (RFC 9457) with the titles of packages/core/src/errors.ts. */
const refusals: Refusal[] = [
  {
    from: '400 414 494 495 496 497',
    status: 400,
    code: 'malformed_request',
    title: 'Malformed request',
    detail: 'Malformed HTTP, a URL or headers that are too long, or a missing or invalid client certificate.',
  },
  {
    from: '403',
    status: 403,
    code: 'forbidden',
    title: 'Forbidden',
    detail: 'The client certificate is not authorized to read metrics.',
  },
  {
    from: '404',
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: 'The API is served at /api/v1 and /trpc.',
  },
  {
    from: '413',
    status: 413,
    code: 'payload_too_large',
    title: 'Payload too large',
    detail: 'The request body is larger than 8 MiB, or than 16 KiB below /auth.',
  },
  {
    from: '429',
    status: 429,
    code: 'too_many_requests',
    title: 'Too many requests',
    detail: 'Too many attempts to sign in from this address; retry in a minute.',
    retryAfterSeconds: 60,
  },
  {
    from: '500 502 503 504',
    status: 503,
    code: 'unavailable',
    title: 'Service unavailable',
    detail: 'The API did not respond; retry in a few seconds.',
    retryAfterSeconds: 5,
  },
];

function refuse({ from, status, code, title, detail, retryAfterSeconds }: Refusal): string {
  const problem = JSON.stringify({
    type: `/api/problems/${code}`,
    title,
    status,
    detail,
    code,
    traceId: '$trace_id',
  });
  return `error_page ${from} =${status} @${code};
location @${code} {
  default_type application/problem+json;
  ${strictTransport}${retryAfterSeconds ? `\n  add_header Retry-After ${retryAfterSeconds} always;` : ''}
  return ${status} '${problem}';
}`;
}

const server = (...parts: string[]) => `
server {
${indent(parts.join('\n'))}
  ${strictTransport}
  location / {
    return 404;
  }
${indent(refusals.map(refuse).join('\n'))}
}`;

/** `/healthz` is the health of NGINX itself, for load balancers and Kubernetes. It does not depend on the API. */
const health = `location = /healthz {
  access_log off;
  return 200;
}`;

/** Enough for many people behind one address. The API has limits of its own. */
const limits: Readonly<Record<string, string>> = {
  '/auth': `client_max_body_size 16k;
  limit_req zone=sign_in burst=60 nodelay;`,
};

/** Passes what is public to the API. Without a location of its own, NGINX would redirect `/api` to `/api/`. */
const routesFor = (client: 'consumers' | 'browsers') =>
  publicPathsFor(client)
    .flatMap(({ path, matches }) => {
      const pass = `${limits[path] ? `${limits[path]}\n  ` : ''}proxy_pass http://api;`;
      return [
        `location = ${path} {\n  ${matches === 'below' ? 'return 404;' : pass}\n}`,
        ...(matches === 'exact' ? [] : [`location ${path}/ {\n  ${pass}\n}`]),
      ];
    })
    .join('\n');

const metrics = `location = /metrics {
  if ($is_monitoring = 0) {
    return 403;
  }
  proxy_pass http://metrics;
}`;

const mutualTls = ({ clients }: NginxFacts) => `ssl_client_certificate ${clients}/authorities.pem;
ssl_crl ${clients}/revoked.pem;
ssl_verify_client on;
ssl_verify_depth 3;`;
