import { beforeAll, describe, expect, test } from 'vitest';
import { loadBalancerIdleSeconds } from '../../stacks/k8s/nginx-config.ts';
import type { App, Manifest } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let staging: App;
beforeAll(async () => {
  production = await synthesized('production');
  staging = await synthesized('staging');
});

const ingress = (app: App, name: string): Manifest =>
  app.manifests.find(({ kind, metadata }) => kind === 'Ingress' && metadata.name === name)!;
/** An annotation of the load balancer controller. */
const said = (manifest: Manifest, name: string): string | undefined =>
  (manifest.metadata.annotations as Record<string, string>)[`alb.ingress.kubernetes.io/${name}`];
const attributes = (manifest: Manifest) =>
  Object.fromEntries(
    said(manifest, 'load-balancer-attributes')!
      .split(',')
      .map((one) => one.split('=') as [string, string]),
  );
const pathsOf = (manifest: Manifest) =>
  manifest.spec.rules.flatMap(({ host, http }: { host: string; http: { paths: Route[] } }) =>
    http.paths.map(({ path, backend }) => [host + path, backend.service.name, backend.service.port.name]),
  ) as string[][];
type Route = { path: string; backend: { service: { name: string; port: { name: string } } } };

const find = (kind: string, name: string) =>
  production.manifests.find((one) => one.kind === kind && one.metadata.name === name)!;

const names = ['consumers', 'browsers'] as const;

describe('consumers', () => {
  test('come from the internet, with a certificate that our authority vouches for and has not revoked', () => {
    const main = ingress(production, 'portfolio-consumers');
    expect(said(main, 'scheme')).toBe('internet-facing');
    expect(said(main, 'subnets')).toMatch(/^VpcPublicSubnet1-id,VpcPublicSubnet2-id,VpcPublicSubnet3-id$/);
    const trust = production.one('lb/trustStore:TrustStore');
    expect(JSON.parse(said(main, 'mutual-authentication')!)).toEqual([
      {
        port: 443,
        mode: 'verify',
        trustStore: expect.stringMatching(/truststore\/ClientTrust$/),
        ignoreClientCertificateExpiry: false,
      },
    ]);
    const bundle = production.one('s3/bucketObjectv2:BucketObjectv2', 'authorities').inputs;
    expect(bundle.content).toBe('PEM of authorities');
    expect(trust.inputs).toMatchObject({
      caCertificatesBundleS3Bucket: bundle.bucket,
      caCertificatesBundleS3Key: bundle.key,
    });
    const list = production.one('s3/bucketObjectv2:BucketObjectv2', 'revoked').inputs;
    expect(list.content).toBe('PEM of revoked certificates');
    expect(production.one('lb/trustStoreRevocation:TrustStoreRevocation').inputs).toMatchObject({
      trustStoreArn: expect.stringMatching(/truststore\/ClientTrust$/),
      revocationsS3Key: list.key,
    });
  });

  test('have api. before the domain, and come to /api, /trpc and /metrics by the port that believes who they are', () => {
    expect(pathsOf(ingress(production, 'portfolio-consumers'))).toEqual(
      ['/api', '/trpc', '/metrics'].map((path) => [
        `api.portfolio.example.com${path}`,
        'portfolio-nginx',
        'consumers',
      ]),
    );
    const record = production.one('route53/record:Record', 'ConsumersRecord').inputs;
    expect(record).toMatchObject({
      name: 'api.portfolio.example.com',
      aliases: [{ name: 'portfolio-consumers.elb.amazonaws.com' }],
    });
  });

  test('come to a load balancer in three zones', () => {
    const ids = said(ingress(production, 'portfolio-consumers'), 'subnets')!.split(',');
    const subnets = production.all('ec2/subnet:Subnet').filter(({ name }) => ids.includes(`${name}-id`));
    expect(new Set(subnets.map(({ inputs }) => inputs.availabilityZone)).size).toBe(3);
  });

  test('pass a firewall', () => {
    const acl = production.one('wafv2/webAcl:WebAcl', 'ConsumersFirewall');
    expect(said(ingress(production, 'portfolio-consumers'), 'wafv2-acl-arn')).toMatch(
      /^arn:aws:wafv2:eu-central-1:.*ConsumersFirewall$/,
    );
    expect(acl.inputs.scope).toBe('REGIONAL');
  });
});

describe('browsers', () => {
  test('come by a load balancer that has no public address, and from CloudFront', () => {
    const main = ingress(production, 'portfolio-browsers');
    expect(said(main, 'scheme')).toBe('internal');
    expect(said(main, 'subnets')).toBe('OriginSubnet1-id,OriginSubnet2-id,OriginSubnet3-id');
    expect(said(main, 'security-group-prefix-lists')).toContain('cloudfront-origin-facing');
    const zones = production
      .all('ec2/subnet:Subnet')
      .filter(({ name }) => name.startsWith('OriginSubnet'))
      .map(({ inputs }) => inputs.availabilityZone);
    expect(new Set(zones).size).toBe(3);
  });

  test('have their tokens verified with keys that the load balancer gets by the gateway of its zone', () => {
    const routes = production.all('ec2/routeTableAssociation:RouteTableAssociation');
    const subnets = ['OriginSubnet1-id', 'OriginSubnet2-id', 'OriginSubnet3-id'];
    const tables = subnets.map(
      (id) => routes.find(({ inputs }) => inputs.subnetId === id)!.inputs.routeTableId,
    );
    expect(new Set(tables).size).toBe(3);
    for (const table of tables) expect(table).toContain('PrivateRouteTable');
  });

  test('need no certificate, and come to /api and /trpc by the port that believes nothing of one', () => {
    const main = ingress(production, 'portfolio-browsers');
    expect(said(main, 'mutual-authentication')).toBeUndefined();
    expect(pathsOf(main)).toEqual(
      ['/api', '/trpc'].map((path) => [`portfolio.example.com${path}`, 'portfolio-nginx', 'browsers']),
    );
  });
});

describe.each(names)('the load balancer of %s', (name) => {
  test('verifies tokens before anything else sees them, as the API does again', () => {
    const main = ingress(production, `portfolio-${name}`);
    const withToken = ingress(production, `portfolio-${name}-token`);
    expect(Number(said(withToken, 'group.order'))).toBeLessThan(Number(said(main, 'group.order')));
    expect(said(withToken, 'group.name')).toBe(said(main, 'group.name'));
    expect(pathsOf(withToken)).toEqual(pathsOf(main));
    expect(JSON.parse(said(withToken, 'conditions.portfolio-nginx')!)).toEqual([
      {
        field: 'http-header',
        httpHeaderConfig: { httpHeaderName: 'Authorization', values: ['Bearer eyJ*'] },
      },
    ]);
    const { data } = production.manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && /^portfolio-api-[0-9a-f]+$/.test(metadata.name),
    )!;
    expect(JSON.parse(said(withToken, 'jwt-validation')!)).toEqual({
      issuer: data.JWT_ISSUER,
      jwksEndpoint: data.JWT_JWKS_URL,
    });
    expect(said(main, 'jwt-validation')).toBeUndefined();
  });

  test('speaks TLS 1.2 and later, with a certificate that our zone proves, and TLS to NGINX, too', () => {
    for (const one of [
      ingress(production, `portfolio-${name}`),
      ingress(production, `portfolio-${name}-token`),
    ]) {
      expect(JSON.parse(said(one, 'listen-ports')!)).toEqual([{ HTTPS: 443 }]);
      expect(said(one, 'ssl-policy')).toBe('ELBSecurityPolicy-TLS13-1-2-Res-2021-06');
      expect(said(one, 'certificate-arn')).toMatch(/certificate\/EdgeCertificate$/);
      expect(said(one, 'backend-protocol')).toBe('HTTPS');
      expect(said(one, 'healthcheck-protocol')).toBe('HTTPS');
    }
    expect(production.one('acm/certificate:Certificate', 'EdgeCertificate').inputs).toMatchObject({
      domainName: 'portfolio.example.com',
      subjectAlternativeNames: ['api.portfolio.example.com'],
      validationMethod: 'DNS',
    });
  });

  test('drops malformed headers, writes everything down, and outlives no request', () => {
    const logs = production.one('s3/bucket:Bucket', 'AccessLogsBucket').inputs.bucket;
    expect(attributes(ingress(production, `portfolio-${name}`))).toMatchObject({
      'routing.http.drop_invalid_header_fields.enabled': 'true',
      'routing.http.xff_header_processing.mode': 'append',
      'idle_timeout.timeout_seconds': String(loadBalancerIdleSeconds),
      'access_logs.s3.enabled': 'true',
      'access_logs.s3.bucket': logs,
      'connection_logs.s3.enabled': 'true',
      'connection_logs.s3.bucket': logs,
    });
  });

  test('is not deleted by mistake in production, and is where a stage ends', () => {
    const [kept, removable] = [production, staging].map((app) =>
      attributes(ingress(app, `portfolio-${name}`)),
    );
    expect(kept!['deletion_protection.enabled']).toBe('true');
    expect(removable!['deletion_protection.enabled']).toBe('false');
  });
});

test('members of a group say nothing that contradicts another', () => {
  const own = /\/(group\.order|conditions\..*|jwt-validation)$/;
  for (const name of names) {
    const { annotations } = ingress(production, `portfolio-${name}-token`).metadata;
    const common = Object.entries(annotations as Record<string, string>).filter(([key]) => !own.test(key));
    expect(ingress(production, `portfolio-${name}`).metadata.annotations).toMatchObject(
      Object.fromEntries(common),
    );
  }
});

test('logs are written by AWS alone, for this account, and kept as long as others', () => {
  const { Statement } = JSON.parse(
    production.one('s3/bucketPolicy:BucketPolicy', 'AccessLogsPolicy').inputs.policy,
  ) as { Statement: { Effect: string; Principal: object; Action: string[]; Resource: string[] }[] };
  const allowed = Statement.filter(({ Effect }) => Effect === 'Allow');
  expect(allowed.map(({ Principal, Action, Resource }) => [Principal, Action, Resource])).toEqual([
    [
      { Service: ['logdelivery.elasticloadbalancing.amazonaws.com'] },
      ['s3:PutObject'],
      [expect.stringMatching(/\/\*\/AWSLogs\/123456789012\/\*$/)],
    ],
    [{ Service: ['delivery.logs.amazonaws.com'] }, ['s3:PutObject'], [expect.stringMatching(/\/web\/\*$/)]],
  ]);
  const { rules } = production.one(
    's3/bucketLifecycleConfiguration:BucketLifecycleConfiguration',
    'AccessLogsLifecycle',
  ).inputs;
  expect(rules).toMatchObject([{ expiration: { days: 400 } }]);
});

test('firewalls refuse floods, known bad addresses and inputs, and keep tokens out of their logs', () => {
  for (const { name, inputs } of production.all('wafv2/webAcl:WebAcl')) {
    const groups = inputs.rules.map(
      ({ statement }: { statement: { managedRuleGroupStatement?: { name: string } } }) =>
        statement.managedRuleGroupStatement?.name ?? 'flood',
    );
    expect(groups, name).toEqual([
      'flood',
      'AWSManagedRulesAmazonIpReputationList',
      'AWSManagedRulesCommonRuleSet',
      'AWSManagedRulesKnownBadInputsRuleSet',
    ]);
    for (const rule of inputs.rules) expect(rule.action?.count ?? rule.overrideAction?.count).toBeUndefined();
    expect(inputs.rules[0].action).toHaveProperty('block');
  }
  for (const { inputs } of production.all('wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration'))
    expect(inputs.redactedFields).toEqual([{ singleHeader: { name: 'authorization' } }]);
});

test('NGINX trusts whom the load balancer trusts', () => {
  const { data } = production.manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('portfolio-nginx-clients-'),
  )!;
  expect(data).toEqual({
    'authorities.pem': production.one('s3/bucketObjectv2:BucketObjectv2', 'authorities').inputs.content,
    'revoked.pem': production.one('s3/bucketObjectv2:BucketObjectv2', 'revoked').inputs.content,
  });
});

test('a rollout of NGINX waits for the load balancers, and a pod that leaves serves until they know', () => {
  expect(find('Namespace', 'portfolio').metadata.labels).toHaveProperty(
    ['elbv2.k8s.aws/pod-readiness-gate-inject'],
    'enabled',
  );
  const { spec } = find('Deployment', 'portfolio-nginx').spec.template;
  const [container] = spec.containers;
  expect(container.lifecycle.preStop.sleep.seconds).toBeGreaterThanOrEqual(15);
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(container.lifecycle.preStop.sleep.seconds + 20);
});
