import { beforeAll, describe, expect, test } from 'vitest';
import { ingresses } from '../../stacks/k8s/ingress.ts';
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
/** The value of an annotation for the load balancer controller. */
const annotationOf = (manifest: Manifest, name: string): string | undefined =>
  (manifest.metadata.annotations as Record<string, string>)[`alb.ingress.kubernetes.io/${name}`];
const attributes = (manifest: Manifest) =>
  Object.fromEntries(
    annotationOf(manifest, 'load-balancer-attributes')!
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
  test('connect from the internet with a valid client certificate that is not revoked', () => {
    const main = ingress(production, 'portfolio-consumers');
    expect(annotationOf(main, 'scheme')).toBe('internet-facing');
    expect(annotationOf(main, 'subnets')).toMatch(
      /^VpcPublicSubnet1-id,VpcPublicSubnet2-id,VpcPublicSubnet3-id$/,
    );
    const trust = production.one('lb/trustStore:TrustStore');
    expect(JSON.parse(annotationOf(main, 'mutual-authentication')!)).toEqual([
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

  test('use the domain with api. in front, and reach /api, /trpc, security.txt and /metrics on the port that trusts client certificates', () => {
    expect(pathsOf(ingress(production, 'portfolio-consumers'))).toEqual(
      ['/api', '/trpc', '/.well-known/security.txt', '/metrics'].map((path) => [
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

  test('have a load balancer in three zones', () => {
    const ids = annotationOf(ingress(production, 'portfolio-consumers'), 'subnets')!.split(',');
    const subnets = production.all('ec2/subnet:Subnet').filter(({ name }) => ids.includes(`${name}-id`));
    expect(new Set(subnets.map(({ inputs }) => inputs.availabilityZone)).size).toBe(3);
  });

  test('are filtered by a firewall', () => {
    const acl = production.one('wafv2/webAcl:WebAcl', 'ConsumersFirewall');
    expect(annotationOf(ingress(production, 'portfolio-consumers'), 'wafv2-acl-arn')).toMatch(
      /^arn:aws:wafv2:eu-central-1:.*ConsumersFirewall$/,
    );
    expect(acl.inputs.scope).toBe('REGIONAL');
  });
});

describe('browsers', () => {
  test('have an internal load balancer that accepts connections from CloudFront only', () => {
    const main = ingress(production, 'portfolio-browsers');
    expect(annotationOf(main, 'scheme')).toBe('internal');
    expect(annotationOf(main, 'subnets')).toBe('OriginSubnet1-id,OriginSubnet2-id,OriginSubnet3-id');
    expect(annotationOf(main, 'security-group-prefix-lists')).toContain('cloudfront-origin-facing');
    const zones = production
      .all('ec2/subnet:Subnet')
      .filter(({ name }) => name.startsWith('OriginSubnet'))
      .map(({ inputs }) => inputs.availabilityZone);
    expect(new Set(zones).size).toBe(3);
  });

  test('have a load balancer that fetches the keys of tokens through the gateway of its zone', () => {
    const routes = production.all('ec2/routeTableAssociation:RouteTableAssociation');
    const subnets = ['OriginSubnet1-id', 'OriginSubnet2-id', 'OriginSubnet3-id'];
    const tables = subnets.map(
      (id) => routes.find(({ inputs }) => inputs.subnetId === id)!.inputs.routeTableId,
    );
    expect(new Set(tables).size).toBe(3);
    for (const table of tables) expect(table).toContain('PrivateRouteTable');
  });

  test('need no certificate, and reach /api, /trpc, /auth and security.txt on the port that trusts no certificate headers', () => {
    const main = ingress(production, 'portfolio-browsers');
    expect(annotationOf(main, 'mutual-authentication')).toBeUndefined();
    expect(pathsOf(main)).toEqual(
      ['/api', '/trpc', '/auth', '/.well-known/security.txt'].map((path) => [
        `portfolio.example.com${path}`,
        'portfolio-nginx',
        'browsers',
      ]),
    );
  });
});

describe.each(names)('the load balancer of %s', (name) => {
  test('verifies tokens, with the same issuer as the API', () => {
    const main = ingress(production, `portfolio-${name}`);
    const withToken = ingress(production, `portfolio-${name}-token`);
    expect(Number(annotationOf(withToken, 'group.order'))).toBeLessThan(
      Number(annotationOf(main, 'group.order')),
    );
    expect(annotationOf(withToken, 'group.name')).toBe(annotationOf(main, 'group.name'));
    expect(pathsOf(withToken)).toEqual(pathsOf(main));
    expect(JSON.parse(annotationOf(withToken, 'conditions.portfolio-nginx')!)).toEqual([
      {
        field: 'http-header',
        httpHeaderConfig: { httpHeaderName: 'Authorization', values: ['Bearer eyJ*'] },
      },
    ]);
    const { data } = production.manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && /^portfolio-api-[0-9a-f]+$/.test(metadata.name),
    )!;
    expect(JSON.parse(annotationOf(withToken, 'jwt-validation')!)).toEqual({
      issuer: data.JWT_ISSUER,
      jwksEndpoint: data.JWT_JWKS_URL,
    });
    expect(annotationOf(main, 'jwt-validation')).toBeUndefined();
  });

  test('requires TLS 1.2, with a certificate that is validated by DNS, and uses TLS to NGINX', () => {
    for (const one of [
      ingress(production, `portfolio-${name}`),
      ingress(production, `portfolio-${name}-token`),
    ]) {
      expect(JSON.parse(annotationOf(one, 'listen-ports')!)).toEqual([{ HTTPS: 443 }]);
      expect(annotationOf(one, 'ssl-policy')).toBe('ELBSecurityPolicy-TLS13-1-2-Res-2021-06');
      expect(annotationOf(one, 'certificate-arn')).toMatch(/certificate\/EdgeCertificate$/);
      expect(annotationOf(one, 'backend-protocol')).toBe('HTTPS');
      expect(annotationOf(one, 'healthcheck-protocol')).toBe('HTTPS');
    }
    expect(production.one('acm/certificate:Certificate', 'EdgeCertificate').inputs).toMatchObject({
      domainName: 'portfolio.example.com',
      subjectAlternativeNames: ['api.portfolio.example.com'],
      validationMethod: 'DNS',
    });
  });

  test('drops malformed headers, writes access logs, and has a longer idle timeout than requests need', () => {
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

  test('is protected from deletion in production only', () => {
    const [kept, removable] = [production, staging].map((app) =>
      attributes(ingress(app, `portfolio-${name}`)),
    );
    expect(kept!['deletion_protection.enabled']).toBe('true');
    expect(removable!['deletion_protection.enabled']).toBe('false');
  });
});

test('load balancers leave tokens to the API where it trusts several issuers, since they would refuse those of all but one', () => {
  const balancer = {
    name: 'browsers' as const,
    host: 'portfolio.example.com',
    paths: [{ path: '/api', pathType: 'Prefix' as const }],
    annotations: {},
    certificateArn: 'arn:aws:acm:eu-central-1:1:certificate/1',
    logsBucket: 'logs',
    tags: {},
    isProtected: true,
  };
  const { withToken, others } = ingresses({ ...balancer, tokens: null });
  expect(withToken).toBeNull();
  expect(JSON.stringify(others)).not.toMatch(/jwt-validation|conditions/);
});

test('Ingresses of a group have no contradicting annotations', () => {
  const own = /\/(group\.order|conditions\..*|jwt-validation)$/;
  for (const name of names) {
    const { annotations } = ingress(production, `portfolio-${name}-token`).metadata;
    const common = Object.entries(annotations as Record<string, string>).filter(([key]) => !own.test(key));
    expect(ingress(production, `portfolio-${name}`).metadata.annotations).toMatchObject(
      Object.fromEntries(common),
    );
  }
});

test('only AWS may write access logs, for this account, and they have the retention of other logs', () => {
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

test('firewalls block floods, known bad addresses and inputs, and keep tokens and cookies out of their logs', () => {
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
    expect(inputs.redactedFields).toEqual([
      { singleHeader: { name: 'authorization' } },
      { singleHeader: { name: 'cookie' } },
    ]);
});

test('NGINX trusts the same authorities as the load balancer', () => {
  const { data } = production.manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('portfolio-nginx-clients-'),
  )!;
  expect(data).toEqual({
    'authorities.pem': production.one('s3/bucketObjectv2:BucketObjectv2', 'authorities').inputs.content,
    'revoked.pem': production.one('s3/bucketObjectv2:BucketObjectv2', 'revoked').inputs.content,
  });
});

test('a rollout of NGINX waits for the load balancers, and a stopping pod serves until it is deregistered', () => {
  expect(find('Namespace', 'portfolio').metadata.labels).toHaveProperty(
    ['elbv2.k8s.aws/pod-readiness-gate-inject'],
    'enabled',
  );
  const { spec } = find('Deployment', 'portfolio-nginx').spec.template;
  const [container] = spec.containers;
  expect(container.lifecycle.preStop.sleep.seconds).toBeGreaterThanOrEqual(15);
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(container.lifecycle.preStop.sleep.seconds + 20);
});
