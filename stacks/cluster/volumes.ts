import { labelsOf } from '../k8s/labels.ts';
import { podIdentityTrust } from '../security/pod-roles.ts';
import { type Eks, createAddon } from './eks.ts';

/** The EBS CSI driver, and a default storage class with encrypted volumes. */
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
      // Creates the volume in the zone where its pod is scheduled.
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: true,
    },
    { provider, dependsOn: [driver] },
  );
}
