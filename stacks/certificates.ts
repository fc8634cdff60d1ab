import type { Stage } from './stage.ts';

export type Certificates = ReturnType<typeof createCertificates>;

/**
 * Certificates of the stage's names: for load balancers in this region, and for CloudFront in us-east-1. Both are proven by
 * the same records in the domain's zone, and renewed by AWS for as long as these are there.
 */
export function createCertificates(stage: Stage) {
  const api = `api.${stage.domain}`;
  const names = [stage.domain, api];
  const regional = request('EdgeCertificate', names);
  const global = request('WebCertificate', [stage.domain], 'us-east-1');
  const records = names.map((name) => {
    const proof = regional.domainValidationOptions.apply((options) =>
      options.find(({ domainName }) => domainName === name)!,
    );
    const record = {
      type: proof.resourceRecordType,
      name: proof.resourceRecordName,
      value: proof.resourceRecordValue,
    };
    return sst.aws.dns().createRecord('Certificate', record, {});
  });
  const dependsOn = $util.all(records).apply((made) => made);
  const proven = (name: string, certificate: aws.acm.Certificate) =>
    new aws.acm.CertificateValidation(
      name,
      { certificateArn: certificate.arn, region: certificate.region },
      { dependsOn },
    ).certificateArn;
  return {
    api,
    regionalArn: proven('EdgeCertificateValidation', regional),
    globalArn: proven('WebCertificateValidation', global),
  };
}

const request = (name: string, [domainName, ...subjectAlternativeNames]: string[], region?: string) =>
  new aws.acm.Certificate(name, {
    domainName,
    subjectAlternativeNames,
    validationMethod: 'DNS',
    ...(region && { region }),
  });
