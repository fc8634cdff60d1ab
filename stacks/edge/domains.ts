import type { Stage } from '../stage.ts';

export type Domains = ReturnType<typeof createDomains>;

/**
 * The domains of a stage, with certificates for the load balancers in its region and for CloudFront in us-east-1. The same
 * DNS records validate both, and AWS renews the certificates as long as the records exist.
 */
export function createDomains(stage: Stage) {
  const page = stage.domain;
  const api = `api.${page}`;
  const { zoneId } = aws.route53.getZoneOutput({ name: stage.zone });
  const regional = requestCertificate('EdgeCertificate', [page, api]);
  const global = requestCertificate('WebCertificate', [page], 'us-east-1');
  const validated = { Page: page, Api: api };
  const dependsOn = Object.entries(validated).map(([name, domain]) => {
    const validation = regional.domainValidationOptions.apply((options) =>
      options.find(({ domainName }) => domainName === domain)!,
    );
    return new aws.route53.Record(`${name}Proof`, {
      zoneId,
      type: validation.resourceRecordType,
      name: validation.resourceRecordName,
      records: [validation.resourceRecordValue],
      ttl: 300,
    });
  });
  const validate = (name: string, { arn, region }: aws.acm.Certificate) =>
    new aws.acm.CertificateValidation(name, { certificateArn: arn, region }, { dependsOn }).certificateArn;
  return {
    page,
    api,
    zoneId,
    regionalCertificate: validate('EdgeCertificateProof', regional),
    globalCertificate: validate('WebCertificateProof', global),
  };
}

const requestCertificate = (
  name: string,
  [domainName, ...subjectAlternativeNames]: string[],
  region?: string,
) =>
  new aws.acm.Certificate(name, {
    domainName,
    subjectAlternativeNames,
    validationMethod: 'DNS',
    ...(region && { region }),
  });
