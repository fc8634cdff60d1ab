/** The size of a node group. `instanceType` must have the arm64 architecture, because the images are built for it. */
type Nodes = { instanceType: string; min: number; max: number };

/** An issuer whose tokens are accepted beside those of `tokenIssuer`, and with a `clientId` a place to sign in. */
type OtherIssuer = {
  issuer: string;
  jwksUrl?: string;
  audience?: string;
  clientId?: string;
  /** Its groups give roles and make operators, as those of the `tokenIssuer` do. */
  groups?: boolean;
};

/** The sign-in of people in a browser at the `tokenIssuer`, and what groups of its tokens mean (docs/deployment.md). */
type SignIn = {
  clientId: string;
  groupClaim?: string;
  /** The roles that members of a group have: `group=portfolio:role,…`. */
  groupRoles?: string;
  operatorGroup?: string;
};

/** Everything that differs between stages, including the operator's own domain, issuer and repository. */
export type Stage = {
  name: string;
  /** The Route 53 zone of its domains, in the account of the stage. */
  zone: string;
  /** The domain of the page. The API's domain is the same with `api.` in front. */
  domain: string;
  /** The issuer whose tokens the API accepts. */
  tokenIssuer: string;
  /** With any, load balancers verify no tokens, and the API alone verifies all (ADR 22). */
  otherIssuers: readonly OtherIssuer[];
  /** Null: the page is used with keys only. */
  signIn: SignIn | null;
  /** Host and port of ClamAV's daemon in the VPC, which scans files before others get them; null: they are not scanned. */
  scanner: { host: string; port: number } | null;
  /** Where flaws are reported, as `security.txt` says: an https: or a mailto: address. */
  securityContact: string;
  /** The repository whose workflows deploy the stage, as in the `sub` claim of GitHub's tokens. Personal stages have none. */
  repository?: string;
  /** Whether the stage is protected from removal, and its data kept when resources are removed. */
  isProtected: boolean;
  /** A managed NAT gateway in each zone; otherwise a small NAT instance in each. */
  hasManagedNat: boolean;
  /** VPC endpoints for the AWS services that pods use. They are charged by the hour. */
  hasPrivateEndpoints: boolean;
  /** A Valkey cluster as a cache that API processes share, in addition to the cache in each process. */
  hasCache: boolean;
  /** Aurora capacity units of each instance (2 GiB each). A reader is promoted when the writer fails. */
  database: { minUnits: number; maxUnits: number; readers: number };
  nodes: { api: Nodes; worker: Nodes; system: Nodes };
  replicas: { api: { min: number; max: number }; worker: { min: number; max: number }; nginx: number };
  logDays: number;
  /** The region to which files and database exports are replicated; null without replication. */
  copyRegion: string | null;
};

const domain = 'portfolio.example.com';

const common = {
  tokenIssuer: 'https://id.example.com/',
  otherIssuers: [],
  signIn: { clientId: 'portfolio' },
  scanner: null,
  securityContact: 'mailto:security@example.com',
  // GitHub adds the numeric IDs of owner and repository, because names can be taken over by another account.
  repository: 'example@1001/portfolio-api-platform@2002',
};

const production: Omit<Stage, 'name'> = {
  ...common,
  domain,
  zone: domain,
  isProtected: true,
  hasManagedNat: true,
  hasPrivateEndpoints: true,
  hasCache: true,
  database: { minUnits: 1, maxUnits: 16, readers: 2 },
  nodes: {
    api: { instanceType: 'm7g.large', min: 3, max: 12 },
    worker: { instanceType: 'm7g.xlarge', min: 3, max: 12 },
    system: { instanceType: 'm7g.large', min: 3, max: 6 },
  },
  replicas: { api: { min: 3, max: 24 }, worker: { min: 3, max: 24 }, nginx: 3 },
  logDays: 400,
  copyRegion: 'eu-west-1',
};

/** The same architecture in a smaller size, so that a test here is valid for production. */
const staging: Omit<Stage, 'name'> = {
  ...production,
  domain: `staging.${domain}`,
  zone: `staging.${domain}`,
  isProtected: false,
  hasManagedNat: false,
  hasPrivateEndpoints: false,
  hasCache: false,
  database: { minUnits: 0.5, maxUnits: 4, readers: 1 },
  nodes: {
    api: { instanceType: 't4g.large', min: 2, max: 4 },
    worker: { instanceType: 't4g.large', min: 2, max: 4 },
    system: { instanceType: 't4g.large', min: 2, max: 4 },
  },
  replicas: { api: { min: 2, max: 6 }, worker: { min: 2, max: 4 }, nginx: 2 },
  logDays: 30,
  copyRegion: null,
};

/** The configuration of a stage. Every name except `production` and `staging` is a developer's personal stage. */
export function stageOf(name: string): Stage {
  if (name === 'production') return { name, ...production };
  if (name === 'staging') return { name, ...staging };
  const { repository: _, ...own } = staging;
  const zone = `dev.${domain}`;
  return { name, ...own, zone, domain: `${name}.${zone}`, logDays: 7 };
}

/** Pulumi options that protect a resource with data from being deleted or replaced in a protected stage. */
export const keep = ({ isProtected }: Stage) => ({ protect: isProtected, retainOnDelete: isProtected });
