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
 * CloudFront serves web-status and the API from one origin: the page's files from a private bucket, and calls from the
 * internal load balancer. SST's StaticSite does not support a second origin, since its function routes all requests.
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
    customErrorResponses: uncachedErrors.map((errorCode) => ({ errorCode, errorCachingMinTtl: 0 })),
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
  page.allowReads(distribution.arn);
  deliverLogs(stage, distribution.arn, logs);
}

/**
 * All errors for which this can be set. By default CloudFront answers with the same error for ten seconds, by path alone and
 * whatever the cache policy says: what one caller may not find would be missing for its members.
 */
const uncachedErrors = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/** IDs of CloudFront's managed cache and origin request policies. */
const managed = {
  cachingOptimized: '658327ea-f89d-4fab-a63d-7e88639e58f6',
  cachingDisabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
  allViewer: '216adef6-5c7f-47e4-b989-5492eafa07d3',
};

/** Uploads the built page to a bucket. Returns the origin and the cache behavior for CloudFront. */
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
    allowReads: (distributionArn: $util.Output<string>) =>
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

/** Keeps assets of former versions, since open pages may load them. Uploads index.html last, since it names new assets. */
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

/** The internal load balancer as a VPC origin. Returns the origin and the cache behavior for CloudFront. */
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
      // Shorter than the load balancer's idle timeout, so that CloudFront closes connections first; reads wait as long.
      vpcOriginConfig: { vpcOriginId: origin.id, originKeepaliveTimeout: 50, originReadTimeout: 60 },
    },
    behavior: {
      targetOriginId: 'api',
      viewerProtocolPolicy: 'https-only',
      allowedMethods: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'],
      cachedMethods: ['GET', 'HEAD'],
      compress: true,
      cachePolicyId: managed.cachingDisabled,
      // Forwards Host, which the load balancer's certificate must match, cookies, and the headers of a WebSocket upgrade.
      originRequestPolicyId: managed.allViewer,
    },
  };
}

/** Without cookies, which are credentials, and without queries, which contain search terms and codes of the sign-in. */
const loggedFields = [
  'date',
  'time',
  'x-edge-location',
  'sc-bytes',
  'c-ip',
  'cs-method',
  'cs(Host)',
  'cs-uri-stem',
  'sc-status',
  'cs(User-Agent)',
  'x-edge-result-type',
  'x-edge-request-id',
  'x-host-header',
  'cs-protocol',
  'cs-bytes',
  'time-taken',
  'ssl-protocol',
  'ssl-cipher',
  'x-edge-response-result-type',
  'cs-protocol-version',
  'time-to-first-byte',
  'x-edge-detailed-result-type',
  'sc-content-type',
];

/** Delivers access logs to the bucket. CloudFront's log sources are in us-east-1. */
function deliverLogs(stage: Stage, distributionArn: $util.Output<string>, { bucket }: AccessLogs) {
  const region = { region: 'us-east-1' };
  const name = `${$app.name}-${stage.name}-web`;
  const source = new aws.cloudwatch.LogDeliverySource('WebLogs', {
    ...region,
    name,
    logType: 'ACCESS_LOGS',
    resourceArn: distributionArn,
  });
  const destination = new aws.cloudwatch.LogDeliveryDestination('WebLogsBucket', {
    ...region,
    name,
    outputFormat: 'json',
    deliveryDestinationConfiguration: { destinationResourceArn: $interpolate`${bucket.arn}/web` },
  });
  new aws.cloudwatch.LogDelivery('WebLogsDelivery', {
    ...region,
    deliverySourceName: source.name,
    deliveryDestinationArn: destination.arn,
    recordFields: loggedFields,
  });
}
