import { labelsOf } from '../k8s/labels.ts';
import { podIdentityTrust } from '../security/pod-roles.ts';
import { type Eks, createAddon } from './eks.ts';

/** Encrypted disks for pods that ask for some, and the role of what makes them. */
export function createVolumes({ cluster, provider }: Eks) {
  const role = new aws.iam.Role('VolumesRole', {
    assumeRolePolicy: podIdentityTrust,
  });
  const policy = new aws.iam.RolePolicyAttachment('VolumesPolicy', {
    role: role.name,
    policyArn: 'arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy',
  });
  const driver = createAddon(cluster, 'aws-ebs-csi-driver', {
    identity: { serviceAccount: 'ebs-csi-controller-sa', roleArn: role.arn },
    dependsOn: [provider, policy],
  });
  return new kubernetes.storage.v1.StorageClass(
    'gp3',
    {
      metadata: {
        name: 'gp3',
        labels: labelsOf('gp3', 'volumes'),
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: 'ebs.csi.aws.com',
      parameters: { type: 'gp3', encrypted: 'true' },
      // In the zone of the pod that asks for it.
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: true,
    },
    { provider, dependsOn: [driver] },
  );
}
