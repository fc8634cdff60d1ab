import { addresses } from '../k8s/addresses.ts';
import { createKey } from '../data/key.ts';
import type { Network } from '../network.ts';
import type { Stage } from '../stage.ts';

export type Eks = ReturnType<typeof createEks>;

const kubernetesVersion = '1.35';
/** Pods of the worker and of the API have nodes of their own; all else runs on `system`. */
const groups = ['api', 'worker', 'system'] as const;

/**
 * EKS with managed nodes in private subnets, and the provider with which everything in it is made: once there are nodes
 * to run it, and networks and names for its pods.
 */
export function createEks(stage: Stage, { vpc, groups: { nodes } }: Network) {
  const cluster = createControlPlane(stage, vpc);
  const onEachNode = [
    createAddon(cluster, 'vpc-cni', {
      values: { enableNetworkPolicy: 'true', env: { ENABLE_PREFIX_DELEGATION: 'true' } },
    }),
    createAddon(cluster, 'kube-proxy'),
    createAddon(cluster, 'eks-pod-identity-agent'),
  ];
  // Nodes are ready once they have a network, and get as many addresses as it has when they come.
  const ready = createNodes(stage, { vpc, cluster, nodes, dependsOn: onEachNode });
  const addons = ['coredns', 'metrics-server'].map((name) =>
    createAddon(cluster, name, { dependsOn: ready }),
  );
  return { cluster, provider: createProvider(cluster, addons) };
}

function createControlPlane(stage: Stage, vpc: sst.aws.Vpc) {
  const role = new aws.iam.Role('ClusterRole', {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'eks.amazonaws.com' }),
  });
  const policy = attach('ClusterPolicy', role, 'AmazonEKSClusterPolicy');
  const key = createKey(stage, 'ClusterKey', 'Encrypts the secrets of the cluster');
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
      bootstrapSelfManagedAddons: false,
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

type Parts = {
  vpc: sst.aws.Vpc;
  cluster: aws.eks.Cluster;
  nodes: aws.ec2.SecurityGroup;
  dependsOn: $util.Resource[];
};

function createNodes(stage: Stage, { vpc, cluster, nodes, dependsOn }: Parts) {
  const role = new aws.iam.Role('NodeRole', {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'ec2.amazonaws.com' }),
  });
  const policies = [
    'AmazonEKSWorkerNodePolicy',
    'AmazonEC2ContainerRegistryPullOnly',
    'AmazonEKS_CNI_Policy',
  ];
  const attached = policies.map((policy) => attach(`Node${policy}`, role, policy));
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
  const { insecureValue: newestImage } = aws.ssm.getParameterOutput({
    name: `/aws/service/bottlerocket/aws-k8s-${kubernetesVersion}/arm64/latest/image_version`,
  });
  return groups.map((group) => {
    const { instanceType, min, max } = stage.nodes[group];
    return new aws.eks.NodeGroup(
      `${group}Nodes`,
      {
        clusterName: cluster.name,
        // Left out, both would stay what they were when the cluster goes on and there are patches.
        version: cluster.version,
        releaseVersion: newestImage,
        nodeRoleArn: role.arn,
        subnetIds: vpc.privateSubnets,
        amiType: 'BOTTLEROCKET_ARM_64',
        instanceTypes: [instanceType],
        launchTemplate: { id: template.id, version: $interpolate`${template.latestVersion}` },
        scalingConfig: { minSize: min, desiredSize: min, maxSize: max },
        updateConfig: { maxUnavailablePercentage: 33 },
        nodeRepairConfig: { enabled: true },
        labels: { workload: group },
        tags: { workload: group },
        ...(group !== 'system' && { taints: [{ key: 'workload', value: group, effect: 'NO_SCHEDULE' }] }),
      },
      // The autoscaler decides on the number of nodes from then on.
      { dependsOn: [...attached, ...dependsOn], ignoreChanges: ['scalingConfig.desiredSize'] },
    );
  });
}

type Addon = {
  values?: object;
  /** The role that the pods of a service account of the addon get. */
  identity?: { serviceAccount: string; roleArn: $util.Input<string> };
  dependsOn?: $util.Resource[];
};

/** A part of the cluster that EKS itself keeps, in the version that it recommends for the cluster's. */
export function createAddon(cluster: aws.eks.Cluster, name: string, addon: Addon = {}) {
  const { values, identity, dependsOn = [] } = addon;
  return new aws.eks.Addon(
    `${name}Addon`,
    {
      clusterName: cluster.name,
      addonName: name,
      addonVersion: aws.eks.getAddonVersionOutput({ addonName: name, kubernetesVersion: cluster.version })
        .version,
      resolveConflictsOnUpdate: 'PRESERVE',
      ...(values && { configurationValues: JSON.stringify(values) }),
      ...(identity && { podIdentityAssociations: [identity] }),
    },
    { dependsOn },
  );
}

function createProvider(cluster: aws.eks.Cluster, dependsOn: $util.Resource[]) {
  const { region } = aws.getRegionOutput();
  const kubeconfig = {
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
  };
  return new kubernetes.Provider(
    'Kubernetes',
    { enableServerSideApply: true, kubeconfig: $jsonStringify(kubeconfig) },
    { dependsOn },
  );
}
