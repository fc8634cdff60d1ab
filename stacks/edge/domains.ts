import type { Stage } from '../stage.ts';

export type Domains = ReturnType<typeof createDomains>;

/**
 * The names of a stage, and certificates for them: for load balancers in this region, and for CloudFront in us-east-1. Both
 * are proven by the same records in the zone, and renewed by AWS for as long as these are there.
 */
export function createDomains(stage: Stage) {
  const page = stage.domain;
  const api = `api.${page}`;
  const { zoneId } = aws.route53.getZoneOutput({ name: stage.zone });
  const regional = request('EdgeCertificate', [page, api]);
  const global = request('WebCertificate', [page], 'us-east-1');
  const proofs = { Page: page, Api: api };
  const dependsOn = Object.entries(proofs).map(([name, proven]) => {
    const proof = regional.domainValidationOptions.apply((options) =>
      options.find(({ domainName }) => domainName === proven)!,
    );
    return new aws.route53.Record(`${name}Proof`, {
      zoneId,
      type: proof.resourceRecordType,
      name: proof.resourceRecordName,
      records: [proof.resourceRecordValue],
      ttl: 300,
    });
  });
  const proven = (name: string, { arn, region }: aws.acm.Certificate) =>
    new aws.acm.CertificateValidation(name, { certificateArn: arn, region }, { dependsOn }).certificateArn;
  return {
    page,
    api,
    zoneId,
    regionalCertificate: proven('EdgeCertificateProof', regional),
    globalCertificate: proven('WebCertificateProof', global),
  };
}

const request = (name: string, [domainName, ...subjectAlternativeNames]: string[], region?: string) =>
  new aws.acm.Certificate(name, {
    domainName,
    subjectAlternativeNames,
    validationMethod: 'DNS',
    ...(region && { region }),
  });
