import { cachePort } from './k8s/flows.ts';
import { addresses } from './k8s/addresses.ts';
import { pascalCase } from './names.ts';
import type { Stage } from './stage.ts';

export type Network = ReturnType<typeof createNetwork>;

/** AWS services that pods and nodes use through interface endpoints. The gateway endpoint of S3 is free. */
const interfaceEndpoints = [
  'ecr.api',
  'ecr.dkr',
  'eks-auth',
  'kms',
  'logs',
  'secretsmanager',
  'sqs',
  'sts',
] as const;

/** A VPC over three zones: nodes and data in private subnets, load balancers and gateways in public ones. */
export function createNetwork(stage: Stage) {
  const vpc = new sst.aws.Vpc('Vpc', {
    az: 3,
    nat: stage.hasManagedNat ? 'managed' : 'ec2',
    transform: {
      // The default group allows nothing: each resource must name its own group.
      securityGroup: (args) => {
        Object.assign(args, { ingress: [], egress: [] });
      },
      // The component's default allows connections from the whole internet to the NAT instances.
      natSecurityGroup: (args) => {
        args.ingress = [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: [addresses.vpc] }];
      },
      natInstance: (args) => {
        args.metadataOptions = { httpTokens: 'required' };
      },
      // The load balancer controller finds its subnets by these tags.
      publicSubnet: (args) => {
        args.tags = $output(args.tags).apply((tags) => ({ ...tags, 'kubernetes.io/role/elb': '1' }));
      },
      privateSubnet: (args) => {
        args.tags = $output(args.tags).apply((tags) => ({ ...tags, 'kubernetes.io/role/internal-elb': '1' }));
      },
    },
  });
  const groups = createSecurityGroups(vpc);
  createEndpoints(stage, vpc, groups.endpoints);
  createFlowLogs(stage, vpc);
  return { vpc, groups, originSubnets: createOriginSubnets(vpc) };
}

/**
 * A subnet in each zone for the load balancer behind CloudFront. It has no public address, and fetches the issuer's keys
 * for verifying tokens through the NAT gateway of its zone.
 */
function createOriginSubnets(vpc: sst.aws.Vpc) {
  const { names } = aws.getAvailabilityZonesOutput({ state: 'available' });
  return addresses.originSubnets.map((cidrBlock, index) => {
    const subnet = new aws.ec2.Subnet(`OriginSubnet${index + 1}`, {
      vpcId: vpc.id,
      cidrBlock,
      availabilityZone: names.apply((zones) => zones[index]),
    });
    new aws.ec2.RouteTableAssociation(`OriginRoutes${index + 1}`, {
      subnetId: subnet.id,
      routeTableId: vpc.nodes.privateRouteTables.apply((tables) => tables[index].id),
    });
    return subnet;
  });
}

/** Security groups. All nodes are in `nodes`; the other groups accept connections from `nodes` only. */
function createSecurityGroups(vpc: sst.aws.Vpc) {
  const group = (name: string, description: string) =>
    new aws.ec2.SecurityGroup(name, { vpcId: vpc.id, description });
  const nodes = group('NodesGroup', 'Nodes of the cluster');
  const database = group('DatabaseGroup', 'Aurora');
  const cache = group('CacheGroup', 'Valkey');
  const endpoints = group('EndpointsGroup', 'Endpoints of AWS services');
  const search = group('SearchGroup', 'OpenSearch');
  new aws.vpc.SecurityGroupEgressRule('NodesToAnywhere', {
    securityGroupId: nodes.id,
    description: 'Network policies limit the egress of pods',
    ipProtocol: '-1',
    cidrIpv4: '0.0.0.0/0',
  });
  const allow = (name: string, to: aws.ec2.SecurityGroup, port: number, description: string) =>
    new aws.vpc.SecurityGroupIngressRule(name, {
      securityGroupId: to.id,
      referencedSecurityGroupId: nodes.id,
      description,
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
    });
  allow('DatabaseFromNodes', database, 5432, 'PostgreSQL from pods');
  allow('CacheFromNodes', cache, cachePort, 'Valkey from pods');
  allow('EndpointsFromNodes', endpoints, 443, 'AWS services from pods and nodes');
  allow('SearchFromNodes', search, 443, 'OpenSearch from pods');
  return { nodes, database, cache, endpoints, search };
}

function createEndpoints(stage: Stage, vpc: sst.aws.Vpc, group: aws.ec2.SecurityGroup) {
  const { region } = aws.getRegionOutput();
  new aws.ec2.VpcEndpoint('S3Endpoint', {
    vpcId: vpc.id,
    serviceName: $interpolate`com.amazonaws.${region}.s3`,
    vpcEndpointType: 'Gateway',
    routeTableIds: vpc.nodes.privateRouteTables.apply((tables) => $resolve(tables.map(({ id }) => id))),
  });
  if (!stage.hasPrivateEndpoints) return;
  for (const service of interfaceEndpoints) {
    new aws.ec2.VpcEndpoint(`${pascalCase(service)}Endpoint`, {
      vpcId: vpc.id,
      serviceName: $interpolate`com.amazonaws.${region}.${service}`,
      vpcEndpointType: 'Interface',
      subnetIds: vpc.privateSubnets,
      securityGroupIds: [group.id],
      privateDnsEnabled: true,
    });
  }
}

/** Flow logs of all connections, with the retention of other logs. */
function createFlowLogs(stage: Stage, vpc: sst.aws.Vpc) {
  const logs = new aws.cloudwatch.LogGroup('FlowLogs', { retentionInDays: stage.logDays });
  const role = new aws.iam.Role('FlowLogsRole', {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'vpc-flow-logs.amazonaws.com' }),
  });
  new aws.iam.RolePolicy('FlowLogsPolicy', {
    role: role.name,
    policy: $jsonStringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          Resource: [logs.arn, $interpolate`${logs.arn}:*`],
        },
      ],
    }),
  });
  new aws.ec2.FlowLog('FlowLog', {
    vpcId: vpc.id,
    trafficType: 'ALL',
    logDestination: logs.arn,
    iamRoleArn: role.arn,
    maxAggregationInterval: 60,
  });
}
