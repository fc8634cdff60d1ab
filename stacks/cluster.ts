import { addresses } from './k8s/addresses.ts';
import type { Network } from './network.ts';
import type { Stage } from './stage.ts';

export type Cluster = ReturnType<typeof createCluster>;

const kubernetesVersion = '1.35';
/** Pods of the worker and of the API have nodes of their own; all else runs on `system`. */
const groups = ['api', 'worker', 'system'] as const;

/** EKS with managed nodes in private subnets, and the provider with which everything in it is made. */
export function createCluster(stage: Stage, { vpc, groups: { nodes } }: Network) {
  const cluster = createControlPlane(stage, vpc);
  createNodes(stage, { vpc, cluster, nodes });
  createAddons(cluster);
  return { cluster, provider: createProvider(cluster) };
}

function createControlPlane(stage: Stage, vpc: sst.aws.Vpc) {
  const role = new aws.iam.Role('ClusterRole', {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'eks.amazonaws.com' }),
  });
  const policy = attach('ClusterPolicy', role, 'AmazonEKSClusterPolicy');
  const key = new aws.kms.Key('ClusterKey', {
    description: 'Encrypts the secrets of the cluster',
    enableKeyRotation: true,
    deletionWindowInDays: stage.isProtected ? 30 : 7,
  });
  const logs = new aws.cloudwatch.LogGroup('ClusterLogs', {
    name: `/aws/eks/${$app.name}-${stage.name}/cluster`,
    retentionInDays: stage.logDays,
  });
  return new aws.eks.Cluster(
    'Cluster',
    {
      name: `${$app.name}-${stage.name}`,
      version: kubernetesVersion,
      roleArn: role.arn,
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
      encryptionConfig: { provider: { keyArn: key.arn }, resources: ['secrets'] },
      enabledClusterLogTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'],
      kubernetesNetworkConfig: { serviceIpv4Cidr: addresses.services },
      // The pipeline that deploys is outside of the VPC; who may speak to the endpoint is said by access entries.
      vpcConfig: { subnetIds: vpc.privateSubnets, endpointPrivateAccess: true, endpointPublicAccess: true },
      upgradePolicy: { supportType: 'STANDARD' },
      zonalShiftConfig: { enabled: true },
      deletionProtection: stage.isProtected,
    },
    { dependsOn: [policy, logs], protect: stage.isProtected },
  );
}

const attach = (name: string, role: aws.iam.Role, policy: string) =>
  new aws.iam.RolePolicyAttachment(name, { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` });

type Parts = { vpc: sst.aws.Vpc; cluster: aws.eks.Cluster; nodes: aws.ec2.SecurityGroup };

function createNodes(stage: Stage, { vpc, cluster, nodes }: Parts) {
  const role = new aws.iam.Role('NodeRole', {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'ec2.amazonaws.com' }),
  });
  const policies = [
    'AmazonEKSWorkerNodePolicy',
    'AmazonEC2ContainerRegistryPullOnly',
    'AmazonEKS_CNI_Policy',
  ];
  const dependsOn = policies.map((policy) => attach(`Node${policy}`, role, policy));
  const template = new aws.ec2.LaunchTemplate('NodeTemplate', {
    // A pod is a hop away from its node: it cannot ask the node's metadata for the node's credentials.
    metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
    vpcSecurityGroupIds: [cluster.vpcConfig.clusterSecurityGroupId, nodes.id],
    // Bottlerocket has its system on the first volume and all that pods write on the second.
    blockDeviceMappings: [
      { deviceName: '/dev/xvda', ebs: { volumeType: 'gp3', volumeSize: 4, encrypted: 'true' } },
      { deviceName: '/dev/xvdb', ebs: { volumeType: 'gp3', volumeSize: 50, encrypted: 'true' } },
    ],
    updateDefaultVersion: true,
  });
  for (const group of groups) {
    const { instanceType, min, max } = stage.nodes[group];
    new aws.eks.NodeGroup(
      `${group}Nodes`,
      {
        clusterName: cluster.name,
        nodeRoleArn: role.arn,
        subnetIds: vpc.privateSubnets,
        amiType: 'BOTTLEROCKET_ARM_64',
        instanceTypes: [instanceType],
        launchTemplate: { id: template.id, version: $interpolate`${template.latestVersion}` },
        scalingConfig: { minSize: min, desiredSize: min, maxSize: max },
        updateConfig: { maxUnavailablePercentage: 33 },
        labels: { workload: group },
        tags: { workload: group },
        ...(group !== 'system' && { taints: [{ key: 'workload', value: group, effect: 'NO_SCHEDULE' }] }),
      },
      // The autoscaler decides on the number of nodes from then on.
      { dependsOn, ignoreChanges: ['scalingConfig.desiredSize'] },
    );
  }
}

/** What every cluster needs before anything else; EKS keeps them up to date with the cluster's version. */
function createAddons(cluster: aws.eks.Cluster) {
  const addon = (name: string, values?: object) =>
    new aws.eks.Addon(`${name}Addon`, {
      clusterName: cluster.name,
      addonName: name,
      resolveConflictsOnUpdate: 'PRESERVE',
      ...(values && { configurationValues: JSON.stringify(values) }),
    });
  addon('vpc-cni', { enableNetworkPolicy: 'true', env: { ENABLE_PREFIX_DELEGATION: 'true' } });
  addon('kube-proxy');
  addon('coredns');
  addon('eks-pod-identity-agent');
  addon('aws-ebs-csi-driver');
  addon('metrics-server');
}

function createProvider(cluster: aws.eks.Cluster) {
  const { region } = aws.getRegionOutput();
  return new kubernetes.Provider('Kubernetes', {
    enableServerSideApply: true,
    kubeconfig: $jsonStringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'eks',
      clusters: [
        {
          name: 'eks',
          cluster: {
            server: cluster.endpoint,
            'certificate-authority-data': cluster.certificateAuthority.data,
          },
        },
      ],
      contexts: [{ name: 'eks', context: { cluster: 'eks', user: 'eks' } }],
      users: [
        {
          name: 'eks',
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              interactiveMode: 'Never',
              command: 'aws',
              args: ['eks', 'get-token', '--cluster-name', cluster.name, '--region', region],
            },
          },
        },
      ],
    }),
  });
}
