import { keptBucket } from '../data/bucket.ts';
import { createHash } from 'node:crypto';
import type { Stage } from '../stage.ts';

export type ClientCertificates = ReturnType<typeof createClientCertificates>;

/**
 * The trust store for client certificates: the operator's certificate authorities and revocation list, set by
 * `sst secret set` as ClientAuthorities and RevokedClients. Both are public. Revoking a certificate takes a deployment.
 */
export function createClientCertificates(stage: Stage) {
  const authorities = publicSecret('ClientAuthorities');
  const revoked = publicSecret('RevokedClients');
  const bucket = new sst.aws.Bucket('Clients', {
    versioning: true,
    transform: { bucket: keptBucket(stage) },
  });
  const upload = (name: string, content: $util.Output<string>) =>
    new aws.s3.BucketObjectv2(name, {
      bucket: bucket.name,
      // A trust store reads the object once, so changed content needs another key.
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

const publicSecret = (name: string) => $util.unsecret(new sst.Secret(name).value);

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 10);
