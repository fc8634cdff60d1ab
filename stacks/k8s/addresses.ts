/** The addresses of every stage, as CIDR blocks: SST's Vpc decides on the first two, and the cluster takes the third. */
export const addresses = {
  vpc: '10.0.0.0/16',
  /** Where load balancers are, and no pods. */
  publicSubnets: ['10.0.0.0/22', '10.0.8.0/22', '10.0.16.0/22'],
  services: '172.20.0.0/16',
  /** Where the agent of EKS Pod Identity answers, on each node. */
  podIdentityAgent: '169.254.170.23/32',
} as const;
