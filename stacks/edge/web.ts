import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { extname } from 'node:path';
import type { AccessLogs } from './access-logs.ts';
import type { LoadBalancers } from './load-balancers.ts';
import { createFirewall } from './firewall.ts';
import type { Domains } from './domains.ts';
import { apiCalls, pageAddresses, pageHeaders } from './page.ts';
import type { Stage } from '../stage.ts';

const contentTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/**
 * web-status and the API under one origin, by CloudFront: the page's files come from a bucket that nobody else reads, calls
 * go on to the load balancer of browsers. SST's StaticSite has no room for
 * the second: its own function routes everything.
 */
export function createWeb(
  stage: Stage,
  { browsers, domains, logs }: { browsers: LoadBalancers['browsers']; domains: Domains; logs: AccessLogs },
) {
  const page = createPage();
  const api = createApiOrigin(stage, browsers);
  const distribution = new aws.cloudfront.Distribution('Web', {
    enabled: true,
    isIpv6Enabled: true,
    httpVersion: 'http2and3',
    aliases: [domains.page],
    viewerCertificate: {
      acmCertificateArn: domains.globalCertificate,
      sslSupportMethod: 'sni-only',
      minimumProtocolVersion: 'TLSv1.2_2021',
    },
    webAclId: createFirewall(stage, 'Web', 'CLOUDFRONT').arn,
    restrictions: { geoRestriction: { restrictionType: 'none' } },
    origins: [page.origin, api.origin],
    defaultCacheBehavior: page.behavior,
    orderedCacheBehaviors: apiCalls.map((pathPattern) => ({ pathPattern, ...api.behavior })),
  });
  for (const type of ['A', 'AAAA']) {
    new aws.route53.Record(`Web${type}Record`, {
      zoneId: domains.zoneId,
      type,
      name: domains.page,
      aliases: [
        {
          name: distribution.domainName,
          zoneId: distribution.hostedZoneId,
          evaluateTargetHealth: false,
        },
      ],
    });
  }
  page.letRead(distribution.arn);
  writeLogs(stage, distribution.arn, logs);
}

/** Policies that CloudFront itself keeps ("Use managed cache policies" and "… origin request policies"). */
const managed = {
  cachingOptimized: '658327ea-f89d-4fab-a63d-7e88639e58f6',
  cachingDisabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
  allViewer: '216adef6-5c7f-47e4-b989-5492eafa07d3',
};

/** The built page in a bucket, and how CloudFront reads and shows it. */
function createPage() {
  const bucket = new aws.s3.Bucket('Page', { forceDestroy: true });
  new aws.s3.BucketPublicAccessBlock('PageAccess', {
    bucket: bucket.id,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  uploadPage(bucket);
  const access = new aws.cloudfront.OriginAccessControl('PageAccessControl', {
    originAccessControlOriginType: 's3',
    signingBehavior: 'always',
    signingProtocol: 'sigv4',
  });
  const addresses = new aws.cloudfront.Function('PageAddresses', {
    runtime: 'cloudfront-js-2.0',
    code: pageAddresses,
  });
  const headers = new aws.cloudfront.ResponseHeadersPolicy('PageHeaders', pageHeaders);
  return {
    origin: {
      originId: 'page',
      domainName: bucket.bucketRegionalDomainName,
      originAccessControlId: access.id,
    },
    behavior: {
      targetOriginId: 'page',
      viewerProtocolPolicy: 'redirect-to-https',
      allowedMethods: ['GET', 'HEAD'],
      cachedMethods: ['GET', 'HEAD'],
      compress: true,
      cachePolicyId: managed.cachingOptimized,
      responseHeadersPolicyId: headers.id,
      functionAssociations: [{ eventType: 'viewer-request', functionArn: addresses.arn }],
    },
    letRead: (distributionArn: $util.Output<string>) =>
      new aws.s3.BucketPolicy('PagePolicy', {
        bucket: bucket.id,
        policy: $jsonStringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'cloudfront.amazonaws.com' },
              Action: 's3:GetObject',
              Resource: $interpolate`${bucket.arn}/*`,
              Condition: { StringEquals: { 'AWS:SourceArn': distributionArn } },
            },
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:*',
              Resource: [bucket.arn, $interpolate`${bucket.arn}/*`],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        }),
      }),
  };
}

/** Files with a hash in their names stay, for pages that are open; index.html names those that it needs, so it is last. */
function uploadPage(bucket: aws.s3.Bucket) {
  const folder = `${$cli.paths.root}/build/web`;
  execFileSync(process.execPath, [`${$cli.paths.root}/scripts/bundle.ts`, 'web'], { stdio: 'pipe' });
  const upload = (path: string, cacheControl: string, options: $util.CustomResourceOptions) =>
    new aws.s3.BucketObjectv2(
      `page/${path}`,
      {
        bucket: bucket.id,
        key: path,
        source: new $util.asset.FileAsset(`${folder}/${path}`),
        contentType: contentTypes[extname(path)],
        cacheControl,
      },
      options,
    );
  const assets = globSync('assets/*', { cwd: folder }).toSorted();
  const uploaded = assets.map((path) =>
    upload(path, 'public, max-age=31536000, immutable', { retainOnDelete: true }),
  );
  upload('index.html', 'no-cache', { dependsOn: uploaded });
}

/** The load balancer of browsers, by a way of CloudFront's own into the VPC. */
function createApiOrigin(stage: Stage, { arn, dnsName }: LoadBalancers['browsers']) {
  const origin = new aws.cloudfront.VpcOrigin('ApiOrigin', {
    vpcOriginEndpointConfig: {
      name: `${$app.name}-${stage.name}-browsers`,
      arn,
      httpPort: 80,
      httpsPort: 443,
      originProtocolPolicy: 'https-only',
      originSslProtocols: { items: ['TLSv1.2'], quantity: 1 },
    },
  });
  return {
    origin: {
      originId: 'api',
      domainName: dnsName,
      // It leaves a connection before the load balancer does, and waits for answers as long as that does.
      vpcOriginConfig: { vpcOriginId: origin.id, originKeepaliveTimeout: 50, originReadTimeout: 60 },
    },
    behavior: {
      targetOriginId: 'api',
      viewerProtocolPolicy: 'https-only',
      allowedMethods: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'],
      cachedMethods: ['GET', 'HEAD'],
      compress: true,
      cachePolicyId: managed.cachingDisabled,
      // With Host, by which the load balancer's certificate is checked, and with what upgrades to WebSockets.
      originRequestPolicyId: managed.allViewer,
    },
  };
}

/** Every request, in the bucket of access logs. CloudFront's own things are in us-east-1. */
function writeLogs(stage: Stage, distributionArn: $util.Output<string>, { bucket }: AccessLogs) {
  const placed = { region: 'us-east-1' };
  const name = `${$app.name}-${stage.name}-web`;
  const source = new aws.cloudwatch.LogDeliverySource('WebLogs', {
    ...placed,
    name,
    logType: 'ACCESS_LOGS',
    resourceArn: distributionArn,
  });
  const destination = new aws.cloudwatch.LogDeliveryDestination('WebLogsBucket', {
    ...placed,
    name,
    outputFormat: 'json',
    deliveryDestinationConfiguration: { destinationResourceArn: $interpolate`${bucket.arn}/web` },
  });
  new aws.cloudwatch.LogDelivery('WebLogsDelivery', {
    ...placed,
    deliverySourceName: source.name,
    deliveryDestinationArn: destination.arn,
  });
}
