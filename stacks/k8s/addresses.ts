/** The addresses of every stage, as CIDR blocks: SST's Vpc decides on the first two, and the cluster takes the third. */
export const addresses = {
  vpc: '10.0.0.0/16',
  /** Where load balancers are, and no pods. */
  publicSubnets: ['10.0.0.0/22', '10.0.8.0/22', '10.0.16.0/22'],
  /** Where the load balancer is that only CloudFront reaches: no route leads from there to the internet, and no pods are there. */
  originSubnets: ['10.0.24.0/26', '10.0.24.64/26', '10.0.24.128/26'],
  services: '172.20.0.0/16',
  /** Where the agent of EKS Pod Identity answers, on each node. */
  podIdentityAgent: '169.254.170.23/32',
} as const;
