import Fastify from 'fastify';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { addSecurityHeaders } from '../../packages/api/src/security-headers.ts';
import { pageAddresses, pageHeaders } from '../../stacks/edge/page.ts';
import { type Document, allows } from './support/iam-evaluator.ts';
import type { App } from './synth/app.ts';
import type { Inputs } from './synth/resource.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let distribution: Inputs;
beforeAll(async () => {
  production = await synthesized('production');
  distribution = production.one('cloudfront/distribution:Distribution').inputs;
});

const policy = () =>
  JSON.parse(production.one('s3/bucketPolicy:BucketPolicy', 'PagePolicy').inputs.policy) as Document;

test('the page has the security headers of the API, and Strict-Transport-Security', async () => {
  const app = Fastify();
  addSecurityHeaders(app);
  app.get('/', () => '');
  const { headers } = await app.inject('/');
  const { securityHeadersConfig: secure, customHeadersConfig: custom } = pageHeaders;
  const sent: Record<string, string> = {
    'content-security-policy': secure.contentSecurityPolicy.contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': secure.frameOptions.frameOption,
    'referrer-policy': secure.referrerPolicy.referrerPolicy,
    ...Object.fromEntries(custom.items.map(({ header, value }) => [header, value])),
  };
  const ofFastify = ['content-length', 'content-type', 'date', 'connection'];
  const expected = Object.entries(headers).filter(([name]) => !ofFastify.includes(name));
  expect(sent).toEqual(Object.fromEntries(expected));
  expect(production.one('cloudfront/responseHeadersPolicy:ResponseHeadersPolicy').inputs).toMatchObject(
    pageHeaders,
  );
  expect(secure.strictTransportSecurity.accessControlMaxAgeSec).toBeGreaterThanOrEqual(31_536_000);
  expect(distribution.defaultCacheBehavior.responseHeadersPolicyId).toBe('PageHeaders-id');
});

test.each([
  ['/', '/index.html'],
  ['/jobs/job_1', '/index.html'],
  ['/portfolios/team/case-studies/v1.2', '/index.html'],
  ['/assets/index-abc.js', '/assets/index-abc.js'],
  ['/assets/gone.js', '/assets/gone.js'],
])('%s is served from %s', (uri, expected) => {
  const handler = runInNewContext(`${pageAddresses}; handler`) as (event: object) => { uri: string };
  expect(handler({ request: { uri } }).uri).toBe(expected);
  expect(distribution.defaultCacheBehavior.functionAssociations).toMatchObject([
    { eventType: 'viewer-request', functionArn: expect.stringContaining('PageAddresses') },
  ]);
});

test('files with a hash in their names are cached for good, and index.html is revalidated', () => {
  const files = production
    .all('s3/bucketObjectv2:BucketObjectv2')
    .filter(({ name }) => name.startsWith('page/'));
  const assets = files.filter(({ inputs }) => inputs.key !== 'index.html');
  expect(assets.length).toBeGreaterThan(1);
  for (const { inputs, options } of assets) {
    expect(inputs.key).toMatch(/^assets\/[\w-]+-[\w-]{8}\.\w+$/);
    expect(inputs.cacheControl).toBe('public, max-age=31536000, immutable');
    expect(inputs.contentType).toBeTruthy();
    expect(options.retainOnDelete).toBe(true);
  }
  const index = files.find(({ inputs }) => inputs.key === 'index.html')!;
  expect(index.inputs.cacheControl).toBe('no-cache');
  expect(index.options.dependsOn).toEqual(expect.arrayContaining(assets.map(({ urn }) => urn)));
});

const read = (context: Record<string, string>) =>
  allows(policy(), { action: 's3:GetObject', resource: 'arn:aws:s3:::page/index.html', context });

describe('the bucket of the page', () => {
  test('can be read by the distribution only, and with TLS only', () => {
    const source = {
      'AWS:SourceArn': 'arn:aws:cloudfront:eu-central-1:123456789012:distribution/Web',
    };
    expect(read({ ...source, 'aws:SecureTransport': 'true' })).toBe(true);
    expect(read({ ...source, 'aws:SecureTransport': 'false' })).toBe(false);
    expect(
      read({ 'AWS:SourceArn': 'arn:aws:cloudfront::1:distribution/X', 'aws:SecureTransport': 'true' }),
    ).toBe(false);
    expect(allows(policy(), { action: 's3:PutObject', resource: 'arn:aws:s3:::page/index.html' })).toBe(
      false,
    );
  });

  test('blocks all public access', () => {
    expect(
      production.one('s3/bucketPublicAccessBlock:BucketPublicAccessBlock', 'PageAccess').inputs,
    ).toMatchObject({
      bucket: 'page',
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    const page = distribution.origins.find(({ originId }: { originId: string }) => originId === 'page');
    expect(page.originAccessControlId).toBe('PageAccessControl-id');
    expect(production.one('cloudfront/originAccessControl:OriginAccessControl').inputs).toMatchObject({
      signingBehavior: 'always',
      signingProtocol: 'sigv4',
    });
  });
});

test('calls and WebSockets go to the internal load balancer on the same origin, and are not cached', () => {
  const [cachingDisabled, allViewer] = [
    '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
    '216adef6-5c7f-47e4-b989-5492eafa07d3',
  ];
  const calls = distribution.orderedCacheBehaviors as Inputs[];
  expect(calls.map(({ pathPattern }) => pathPattern)).toEqual([
    '/api/*',
    '/trpc',
    '/trpc/*',
    '/auth/*',
    '/.well-known/security.txt',
  ]);
  for (const call of calls) {
    expect(call).toMatchObject({
      targetOriginId: 'api',
      viewerProtocolPolicy: 'https-only',
      cachePolicyId: cachingDisabled,
      originRequestPolicyId: allViewer,
    });
    expect(call.allowedMethods).toEqual(expect.arrayContaining(['POST', 'PATCH', 'PUT', 'DELETE']));
  }
  const api = distribution.origins.find(({ originId }: { originId: string }) => originId === 'api');
  expect(api).toMatchObject({
    domainName: 'portfolio-browsers.elb.amazonaws.com',
    vpcOriginConfig: { vpcOriginId: 'ApiOrigin-id' },
  });
  const { vpcOriginEndpointConfig } = production.one('cloudfront/vpcOrigin:VpcOrigin').inputs;
  expect(vpcOriginEndpointConfig).toMatchObject({
    arn: expect.stringContaining('loadbalancer/app/portfolio-browsers/'),
    originProtocolPolicy: 'https-only',
  });
});

test('an error for one caller is not repeated to others, and stays the answer of the API', () => {
  const errors = distribution.customErrorResponses as Inputs[];
  expect(errors.map(({ errorCode }) => errorCode)).toEqual(
    expect.arrayContaining([400, 403, 404, 405, 414, 500, 501, 502, 503, 504]),
  );
  for (const error of errors) expect(error).toEqual({ errorCode: error.errorCode, errorCachingMinTtl: 0 });
});

test('the domain has a certificate and a firewall, and every request is logged without cookies and query', () => {
  expect(distribution).toMatchObject({
    aliases: ['portfolio.example.com'],
    viewerCertificate: {
      acmCertificateArn: expect.stringMatching(/^arn:aws:acm:us-east-1:.*WebCertificate$/),
      minimumProtocolVersion: 'TLSv1.2_2021',
    },
    webAclId: expect.stringMatching(/^arn:aws:wafv2:us-east-1:.*WebFirewall$/),
  });
  expect(production.one('wafv2/webAcl:WebAcl', 'WebFirewall').inputs.scope).toBe('CLOUDFRONT');
  expect(production.one('cloudwatch/logDeliverySource:LogDeliverySource').inputs).toMatchObject({
    logType: 'ACCESS_LOGS',
    resourceArn: expect.stringMatching(/distribution\/Web$/),
  });
  const { recordFields } = production.one('cloudwatch/logDelivery:LogDelivery').inputs;
  expect(recordFields).toEqual(expect.arrayContaining(['c-ip', 'cs-method', 'cs-uri-stem', 'sc-status']));
  for (const field of ['cs(Cookie)', 'cs-uri-query', 'cs(Referer)'])
    expect(recordFields).not.toContain(field);
});
