import type { Inputs } from './resource.ts';

export const region = 'eu-central-1';
const account = '123456789012';
/** The prefix of all generated secrets. */
export const secretMark = 'secret-of-';
const zeros = '0'.repeat(64);

const slug = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');

/** The outputs of a new resource: ID, ARN, and the attributes below. All other outputs equal the inputs. */
export function stateOf(type: string, logicalName: string, inputs: Inputs): Inputs & { id: string } {
  const [, service = '', kind = ''] = /^aws:(\w+)\/\w+:(\w+)$/.exec(type) ?? [];
  const name: string =
    inputs.name ??
    inputs.bucket ??
    inputs.clusterIdentifier ??
    inputs.identifier ??
    inputs.replicationGroupId ??
    inputs.userId ??
    logicalName;
  const made = {
    id: service === 'sqs' ? `https://sqs.${region}.amazonaws.com/${account}/${name}` : `${name}-id`,
    ...(service !== '' && { arn: arnOf(service, kind, name, inputs), name, region: inputs.region ?? region }),
  };
  return { ...made, ...attributesOf(type, name, logicalName, inputs, made) };
}

function arnOf(service: string, kind: string, name: string, { path = '/', region: placed = region }: Inputs) {
  if (service === 's3') return `arn:aws:s3:::${slug(name)}`;
  if (service === 'iam') return `arn:aws:iam::${account}:${kind.toLowerCase()}${path}${name}`;
  if (service === 'elasticache')
    return `arn:aws:elasticache:${region}:${account}:${kind.toLowerCase()}:${name}`;
  if (service === 'secretsmanager')
    return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`;
  if (service === 'sqs') return `arn:aws:sqs:${region}:${account}:${name}`;
  return `arn:aws:${service}:${placed}:${account}:${kind.toLowerCase()}/${name}`;
}

/** The attributes of a type that AWS would generate. */
function attributesOf(
  type: string,
  name: string,
  logicalName: string,
  inputs: Inputs,
  { id }: { id: string },
): Inputs {
  switch (type) {
    case 'aws:rds/cluster:Cluster':
      return {
        id: slug(name),
        endpoint: `${slug(name)}.cluster-x.${region}.rds.amazonaws.com`,
        readerEndpoint: `${slug(name)}.cluster-ro-x.${region}.rds.amazonaws.com`,
        port: 5432,
        clusterResourceId: `cluster-${logicalName.toUpperCase()}`,
        masterUserSecrets: [
          {
            secretArn: `arn:aws:secretsmanager:${region}:${account}:secret:rds!cluster-${logicalName}`,
            secretStatus: 'active',
          },
        ],
      };
    case 'aws:rds/clusterInstance:ClusterInstance':
      return { port: 5432, endpoint: `${name}.x.${region}.rds.amazonaws.com` };
    case 'aws:elasticache/replicationGroup:ReplicationGroup':
      return {
        clusterEnabled: inputs.clusterMode === 'enabled',
        primaryEndpointAddress: `${name}.cache.amazonaws.com`,
        configurationEndpointAddress: `clustercfg.${name}.cache.amazonaws.com`,
        readerEndpointAddress: `${name}-ro.cache.amazonaws.com`,
      };
    case 'aws:eks/cluster:Cluster':
      return {
        id: name,
        endpoint: `https://${name}.eks.amazonaws.com`,
        certificateAuthority: { data: 'Y2E=' },
        identities: [{ oidcs: [{ issuer: `https://oidc.eks.${region}.amazonaws.com/id/X` }] }],
        vpcConfig: { ...inputs.vpcConfig, clusterSecurityGroupId: 'sg-cluster' },
      };
    case 'aws:ec2/launchTemplate:LaunchTemplate':
      return { latestVersion: 1 };
    case 'aws:sqs/queue:Queue':
      return { url: id };
    case 'aws:ec2/vpc:Vpc':
      return { id: 'vpc-1', mainRouteTableId: 'rtb-main', defaultSecurityGroupId: 'sg-default' };
    case 'aws:acm/certificate:Certificate':
      return {
        domainValidationOptions: [inputs.domainName, ...(inputs.subjectAlternativeNames ?? [])].map(
          (domainName: string) => ({
            domainName,
            resourceRecordName: `_x.${domainName}`,
            resourceRecordType: 'CNAME',
            resourceRecordValue: '_y.acm-validations.aws',
          }),
        ),
      };
    case 'aws:cloudfront/distribution:Distribution':
      return { domainName: 'd1.cloudfront.net', hostedZoneId: 'Z2FDTNDATAQYW2' };
    case 'aws:s3/bucket:Bucket':
    case 'aws:s3/bucketV2:BucketV2':
      return {
        id: slug(name),
        bucket: slug(name),
        bucketRegionalDomainName: `${slug(name)}.s3.${region}.amazonaws.com`,
      };
    case 'aws:opensearch/domain:Domain':
      return { endpoint: `${name}.es.amazonaws.com` };
    case 'aws:ecr/repository:Repository':
      return { repositoryUrl: `${account}.dkr.ecr.${region}.amazonaws.com/${name}` };
    case 'docker-build:index:Image':
      return { digest: `sha256:${zeros}`, ref: `${inputs.tags[0]}@sha256:${zeros}` };
    case 'random:index/randomPassword:RandomPassword':
      return { result: `${secretMark}${slug(logicalName)}` };
    default:
      return {};
  }
}

/** The answer of a data source. Throws for an unknown one, since an invented answer would prove nothing. */
export function answerOf(token: string, inputs: Inputs): Inputs {
  const source = token.split(':').at(-1);
  switch (source) {
    case 'getAvailabilityZones':
      return { names: ['a', 'b', 'c'].map((zone) => region + zone), zoneIds: ['1', '2', '3'] };
    case 'getRegion':
      return { region, name: region, id: region };
    case 'getCallerIdentity':
      return { accountId: account, arn: `arn:aws:iam::${account}:root` };
    case 'getPartition':
      return { partition: 'aws', dnsSuffix: 'amazonaws.com' };
    case 'getAuthorizationToken':
      return {
        proxyEndpoint: `https://${account}.dkr.ecr.${region}.amazonaws.com`,
        userName: 'AWS',
        password: `${secretMark}ecr`,
      };
    case 'getAddonVersion':
      return { ...inputs, version: 'v1.2.3-eksbuild.1' };
    case 'getAmi':
      return { id: 'ami-1', imageId: 'ami-1', architecture: 'arm64' };
    case 'getZone':
      return { zoneId: 'Z1', name: inputs.name };
    case 'getParameter':
      if (!/^\/aws\/service\/bottlerocket\/aws-k8s-[\d.]+\/arm64\/latest\/image_version$/.test(inputs.name))
        throw new Error(`fakes.ts has no answer for the SSM parameter ${inputs.name}; add one.`);
      return { name: inputs.name, insecureValue: '1.50.0-0123abcd' };
    case 'getManagedPrefixList':
      return { id: `pl-${slug(inputs.name)}`, name: inputs.name };
    case 'getLoadBalancer': {
      const name: string = inputs.tags['ingress.k8s.aws/stack'];
      return {
        arn: arnOf('elasticloadbalancing', 'loadbalancer', `app/${name}/1`, {}),
        arnSuffix: `app/${name}/1`,
        dnsName: `${name}.elb.amazonaws.com`,
        zoneId: 'Z3',
      };
    }
    case 'getPolicyDocument':
      return {
        json: JSON.stringify({
          Version: '2012-10-17',
          Statement: (inputs.statements ?? []).map(statementOf),
        }),
      };
    default:
      throw new Error(`fakes.ts has no answer for the data source ${token}; add one.`);
  }
}

type Statement = {
  sid?: string;
  effect?: string;
  actions?: string[];
  notActions?: string[];
  resources?: string[];
  principals?: { type: string; identifiers: string[] }[];
  conditions?: { test: string; variable: string; values: string[] }[];
};

/** A statement in the format of policy documents. */
function statementOf({ sid, effect, actions, notActions, resources, principals, conditions }: Statement) {
  const condition: Record<string, Record<string, string[]>> = {};
  for (const { test, variable, values } of conditions ?? []) (condition[test] ??= {})[variable] = values;
  return {
    Sid: sid,
    Effect: effect ?? 'Allow',
    Action: actions,
    NotAction: notActions,
    Resource: resources,
    Principal:
      principals && Object.fromEntries(principals.map(({ type, identifiers }) => [type, identifiers])),
    Condition: conditions && condition,
  };
}
