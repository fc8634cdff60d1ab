import { beforeAll, expect, test } from 'vitest';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let staging: App;
beforeAll(async () => {
  production = await synthesized('production');
  staging = await synthesized('staging');
});

test('each of three zones has a public and a private subnet, tagged for its kind of load balancer', () => {
  const subnets = production
    .all('ec2/subnet:Subnet')
    .filter(({ name }) => name.startsWith('Vpc'))
    .map(({ inputs }) => inputs);
  const byRole = Map.groupBy(subnets, ({ tags }) =>
    'kubernetes.io/role/elb' in tags ? 'public' : 'private',
  );
  for (const of of [byRole.get('public')!, byRole.get('private')!]) {
    expect(new Set(of.map(({ availabilityZone }) => availabilityZone)).size).toBe(3);
  }
  for (const { tags } of byRole.get('private')!)
    expect(tags).toHaveProperty(['kubernetes.io/role/internal-elb'], '1');
});

test('private subnets use the NAT gateway of their own zone', () => {
  expect(production.all('ec2/natGateway:NatGateway')).toHaveLength(3);
  const tables = production.all('ec2/routeTable:RouteTable').filter(({ name }) => name.includes('Private'));
  const gateways = tables.flatMap(({ inputs }) =>
    inputs.routes.map(({ natGatewayId }: { natGatewayId: string }) => natGatewayId),
  );
  expect(new Set(gateways).size).toBe(3);
});

/** The AWS services for which a stage has endpoints. */
const services = (app: App) =>
  app
    .all('ec2/vpcEndpoint:VpcEndpoint')
    .map(({ inputs }) => inputs.serviceName.replace('com.amazonaws.eu-central-1.', ''));

test('production has private endpoints for AWS services, and every stage has the free one for S3', () => {
  expect(new Set(services(production))).toEqual(
    new Set(['ecr.api', 'ecr.dkr', 'eks-auth', 'kms', 'logs', 's3', 'secretsmanager', 'sqs', 'sts']),
  );
  expect(services(staging)).toEqual(['s3']);
  const interfaces = production
    .all('ec2/vpcEndpoint:VpcEndpoint')
    .filter(({ inputs }) => inputs.vpcEndpointType === 'Interface');
  for (const { inputs } of interfaces) {
    expect(inputs).toMatchObject({
      privateDnsEnabled: true,
      securityGroupIds: [expect.stringContaining('EndpointsGroup')],
    });
  }
});

test('flow logs record all traffic', () => {
  expect(production.one('ec2/flowLog:FlowLog').inputs).toMatchObject({
    trafficType: 'ALL',
    logDestination: expect.stringContaining('FlowLogs'),
  });
  expect(production.one('cloudwatch/logGroup:LogGroup', 'FlowLogs').inputs.retentionInDays).toBe(400);
});

test('security groups of data and endpoints accept connections from nodes only', () => {
  const rules = production.all('vpc/securityGroupIngressRule:SecurityGroupIngressRule');
  for (const { inputs, name } of rules) {
    expect(inputs.cidrIpv4, name).toBeUndefined();
    expect(inputs.referencedSecurityGroupId, name).toContain('NodesGroup');
  }
});

test('the default security group allows nothing, and NAT instances accept connections from the VPC only', () => {
  for (const app of [production, staging]) {
    expect(app.one('DefaultSecurityGroup').inputs).toMatchObject({ ingress: [], egress: [] });
  }
  const [group] = staging.all('ec2/securityGroup:SecurityGroup').filter(({ name }) => name.includes('Nat'));
  expect(group!.inputs.ingress.map(({ cidrBlocks }: { cidrBlocks: string[] }) => cidrBlocks)).toEqual([
    [staging.one('ec2/vpc:Vpc').inputs.cidrBlock],
  ]);
  for (const { inputs } of staging.all('ec2/instance:Instance'))
    expect(inputs.metadataOptions).toEqual({ httpTokens: 'required' });
});
