/** How long a load balancer keeps a connection on which nothing moves; so long may an answer keep a client waiting. */
export const loadBalancerIdleSeconds = 60;

/** How long NGINX, asked to stop, lets requests and WebSockets go on before it ends them. */
export const nginxShutdownSeconds = 20;

/** The subject of the only client certificate that may read metrics, as RFC 2253 writes it. */
const monitoringSubject = 'CN=portfolio-monitoring';

export type NginxFacts = {
  /** `consumers` and `browsers`: from the load balancer of each; `monitoring`: from within the cluster, by mutual TLS. */
  ports: { consumers: number; browsers: number; monitoring: number };
  /** Host and port of the API, and of the sidecars that tell its metrics. */
  api: string;
  metrics: string;
  /** Folders: with `tls.crt` and `tls.key`; with `authorities.pem` and `revoked.pem`; one to write to. */
  certificate: string;
  clients: string;
  scratch: string;
  accessLog: string;
};

/**
 * The configuration of the NGINX before the API. Where a request came from is known by its port alone: on that for
 * consumers the load balancer has verified a certificate and says whose; elsewhere such headers are anybody's.
 */
export const nginxConfig = (facts: NginxFacts) => `${main(facts)}
http {
${indent(settings(facts))}
${indent(identities(facts))}
${indent(toApi)}
${indent(upstream('api', facts.api))}
${indent(upstream('metrics', facts.metrics))}
${indent(server(`listen ${facts.ports.consumers} ssl;`, routes, metrics))}
${indent(server(`listen ${facts.ports.browsers} ssl;`, routes))}
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

# By variables: so each handshake reads the files, and a renewed certificate needs no restart.
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

# Bodies are read to their end before the API sees them: it never waits for a slow client. The limit is the API's own.
client_max_body_size 8m;
client_header_timeout 10s;
client_body_timeout 10s;
send_timeout 30s;
reset_timedout_connection on;
# Whoever opens a connection must be the first to leave it: load balancers leave us, and we leave the API.
keepalive_timeout ${loadBalancerIdleSeconds + 15}s;
proxy_connect_timeout 3s;
proxy_send_timeout 30s;
# Answered by us before the load balancer gives up; event streams and WebSockets send something twice as often.
proxy_read_timeout ${loadBalancerIdleSeconds - 5}s;`;

/** Addresses are without their queries, which hold what clients look for. */
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
  traceId: '$http_x_amzn_trace_id',
});

const identities = ({ ports: { consumers, browsers, monitoring } }: NginxFacts) => `
# The load balancer writes whom it speaks to at the end of X-Forwarded-For; for browsers that is CloudFront, which has
# written the browser's address before. Whatever is further ahead came from the client.
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

/** Headers that the API would believe, or that others behind a proxy would: none of them passes. */
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

/** To the API there is one proxy, which says who the client is: TRUSTED_PROXY_HOPS is 1. */
const toApi = `
proxy_http_version 1.1;
proxy_set_header Host $host;
proxy_set_header Connection $upgrade_connection;
proxy_set_header Upgrade $upgrade;
proxy_set_header X-Forwarded-For $client;
proxy_set_header X-Forwarded-Proto https;
${identityHeaders.map((name) => `proxy_set_header ${name} "";`).join('\n')}`;

const upstream = (name: string, address: string) => `
upstream ${name} {
  server ${address};
  keepalive 64;
  keepalive_timeout 60s;
}`;

const strictTransport = 'add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;';

type Refusal = { from: string; status: number; code: string; title: string; detail: string };

/** What NGINX refuses, or answers for an API that is away, in the API's own form (RFC 9457). */
const refusals: Refusal[] = [
  {
    from: '400 414 494 495 496 497',
    status: 400,
    code: 'malformed_request',
    title: 'The request could not be read',
    detail:
      'Expected HTTP with a short address and few headers, and the client certificate that was asked for.',
  },
  {
    from: '403',
    status: 403,
    code: 'forbidden',
    title: 'The actor may not do this',
    detail: 'The client certificate is not one that may read this.',
  },
  {
    from: '404',
    status: 404,
    code: 'not_found',
    title: 'Nothing was found here',
    detail: 'The API is at /api/v1 and at /trpc.',
  },
  {
    from: '413',
    status: 413,
    code: 'payload_too_large',
    title: 'The request body is too large',
    detail: 'The body is larger than 8 MiB.',
  },
  {
    from: '500 502 503 504',
    status: 503,
    code: 'unavailable',
    title: 'The service is not available at present',
    detail: 'The API did not answer; try again.',
  },
];

function refuse({ from, status, code, title, detail }: Refusal): string {
  const problem = JSON.stringify({ type: `/api/problems/${code}`, title, status, detail, code });
  return `error_page ${from} =${status} @${code};
location @${code} {
  default_type application/problem+json;
  ${strictTransport}${status === 503 ? '\n  add_header Retry-After 5 always;' : ''}
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

/** `/healthz` is NGINX's own, for load balancers and Kubernetes: it does not go away with the API. */
const routes = `location = /healthz {
  access_log off;
  return 200;
}
# Without this, NGINX would redirect it.
location = /api {
  return 404;
}
location /api/ {
  proxy_pass http://api;
}
location /trpc/ {
  proxy_pass http://api;
}
location = /trpc {
  proxy_pass http://api;
}`;

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
