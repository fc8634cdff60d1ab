import { keptBucket } from '../data/bucket.ts';
import { createHash } from 'node:crypto';
import type { Stage } from '../stage.ts';

export type ClientCertificates = ReturnType<typeof createClientCertificates>;

/**
 * Whom consumers' certificates must be from, and which of those are revoked. The authority is the operator's own: its
 * certificates are given by `sst secret set ClientAuthorities`, its list of revoked ones by `RevokedClients`. Both are
 * public, and kept there because they are a stage's; what revokes a certificate is another deployment.
 */
export function createClientCertificates(stage: Stage) {
  const authorities = given('ClientAuthorities');
  const revoked = given('RevokedClients');
  const bucket = new sst.aws.Bucket('Clients', {
    versioning: true,
    transform: { bucket: keptBucket(stage) },
  });
  const upload = (name: string, content: $util.Output<string>) =>
    new aws.s3.BucketObjectv2(name, {
      bucket: bucket.name,
      // A load balancer reads it once: what has changed must have another name.
      key: content.apply((text) => `${name}-${hash(text)}.pem`),
      content,
      contentType: 'application/x-pem-file',
    });
  const bundle = upload('authorities', authorities);
  const list = upload('revoked', revoked);
  const store = new aws.lb.TrustStore('ClientTrust', {
    namePrefix: `${stage.name.slice(0, 5)}-`,
    caCertificatesBundleS3Bucket: bucket.name,
    caCertificatesBundleS3Key: bundle.key,
  });
  const revocation = new aws.lb.TrustStoreRevocation('RevokedClients', {
    trustStoreArn: store.arn,
    revocationsS3Bucket: bucket.name,
    revocationsS3Key: list.key,
  });
  return { authorities, revoked, store, revocation };
}

const given = (name: string) => $util.unsecret(new sst.Secret(name).value);

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 10);
