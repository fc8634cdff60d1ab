import { addresses } from '../k8s/addresses.ts';
import { createKey } from '../data/key.ts';
import type { Network } from '../network.ts';
import type { Stage } from '../stage.ts';

export type Eks = ReturnType<typeof createEks>;

const kubernetesVersion = '1.35';
/** The node groups: API and worker pods have nodes of their own, and all other pods run on `system`. */
const groups = ['api', 'worker', 'system'] as const;

/**
 * EKS with managed nodes in private subnets, and the provider for Kubernetes objects. The provider depends on nodes,
 * network and DNS, so that objects are created when their pods can run.
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
  // Nodes become ready only with a CNI, and read its prefix delegation setting when they start.
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
      // The deployment pipeline is outside of the VPC. Access entries decide who is authorized.
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
    // A pod is one network hop from its node, so a limit of 1 keeps it from the node's instance credentials.
    metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
    vpcSecurityGroupIds: [cluster.vpcConfig.clusterSecurityGroupId, nodes.id],
    // Bottlerocket keeps its system on the first volume, and images and pod data on the second.
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
        // Without these, nodes would not follow upgrades of the cluster nor get patches.
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
      // The cluster autoscaler changes the number of nodes after creation.
      { dependsOn: [...attached, ...dependsOn], ignoreChanges: ['scalingConfig.desiredSize'] },
    );
  });
}

type Addon = {
  values?: object;
  /** The IAM role for the pods of one of the addon's service accounts. */
  identity?: { serviceAccount: string; roleArn: $util.Input<string> };
  dependsOn?: $util.Resource[];
};

/** An EKS addon, in the version that EKS recommends for the cluster's Kubernetes version. */
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
