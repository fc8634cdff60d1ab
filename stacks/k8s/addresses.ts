/** CIDR blocks, the same in every stage. Those of the VPC and of its public subnets are fixed by SST's Vpc. */
export const addresses = {
  vpc: '10.0.0.0/16',
  /** For public load balancers; no pods are in them. */
  publicSubnets: ['10.0.0.0/22', '10.0.8.0/22', '10.0.16.0/22'],
  /** For the internal load balancer behind CloudFront; no pods are in them. */
  originSubnets: ['10.0.24.0/26', '10.0.24.64/26', '10.0.24.128/26'],
  services: '172.20.0.0/16',
  /** The link-local address of the EKS Pod Identity agent on each node. */
  podIdentityAgent: '169.254.170.23/32',
} as const;
