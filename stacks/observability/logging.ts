import type { Cluster } from '../cluster/index.ts';
import { bindRole } from '../security/pod-roles.ts';
import type { Network } from '../network.ts';
import type { Stage } from '../stage.ts';

/** OpenSearch in the VPC, and Fluent Bit on every node, which sends the logs of all pods to it. */
export function createLogging(
  stage: Stage,
  { vpc, groups }: Network,
  { cluster, provider, namespaces }: Cluster,
) {
  const name = `${$app.name}-${stage.name}-logs`;
  const domain = createDomain(stage, name, vpc, groups.search);
  const role = bindRole({ cluster }, 'fluent-bit', { LogsDomainArn: domain.arn });
  const { region } = aws.getRegionOutput();
  new kubernetes.helm.v3.Release(
    'fluent-bit',
    {
      name: 'fluent-bit',
      chart: 'fluent-bit',
      version: '0.54.0',
      namespace: 'logging',
      repositoryOpts: { repo: 'https://fluent.github.io/helm-charts' },
      values: {
        serviceAccount: { name: 'fluent-bit' },
        // Also runs on the nodes of API and worker, whose taints keep other pods away.
        tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
        config: {
          outputs: $interpolate`[OUTPUT]
    Name                opensearch
    Match               kube.*
    Host                ${domain.endpoint}
    Port                443
    TLS                 On
    AWS_Auth            On
    AWS_Region          ${region}
    Suppress_Type_Name  On
    Replace_Dots        On
    Logstash_Format     On
    Logstash_Prefix     logs
    Retry_Limit         10
`,
        },
      },
    },
    { provider, dependsOn: [role, ...namespaces] },
  );
  return domain;
}

function createDomain(stage: Stage, name: string, vpc: sst.aws.Vpc, group: aws.ec2.SecurityGroup) {
  const zones = stage.isProtected ? 3 : 1;
  const { accountId } = aws.getCallerIdentityOutput();
  const { region } = aws.getRegionOutput();
  return new aws.opensearch.Domain('Logs', {
    domainName: name.slice(0, 28).replace(/-$/, ''),
    engineVersion: 'OpenSearch_2.19',
    clusterConfig: {
      instanceType: 't3.medium.search',
      instanceCount: zones,
      zoneAwarenessEnabled: zones > 1,
      ...(zones > 1 && { zoneAwarenessConfig: { availabilityZoneCount: zones } }),
    },
    ebsOptions: { ebsEnabled: true, volumeType: 'gp3', volumeSize: stage.isProtected ? 100 : 20 },
    vpcOptions: {
      subnetIds: vpc.privateSubnets.apply((subnets) => subnets.slice(0, zones)),
      securityGroupIds: [group.id],
    },
    encryptAtRest: { enabled: true },
    nodeToNodeEncryption: { enabled: true },
    domainEndpointOptions: { enforceHttps: true, tlsSecurityPolicy: 'Policy-Min-TLS-1-2-PFS-2023-10' },
    accessPolicies: $jsonStringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: $interpolate`arn:aws:iam::${accountId}:root` },
          Action: 'es:ESHttp*',
          Resource: $interpolate`arn:aws:es:${region}:${accountId}:domain/${name.slice(0, 28).replace(/-$/, '')}/*`,
        },
      ],
    }),
  });
}
