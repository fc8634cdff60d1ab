/** Sizes of a group of nodes: `instanceType` must be of the arm64 architecture, as the images are. */
type Nodes = { instanceType: string; min: number; max: number };

/** Everything that differs by stage; an operator's own values are here, too. */
export type Stage = {
  name: string;
  /** The zone in Route 53, of the stage's own account, that its domains are in. */
  zone: string;
  /** Where the page is; the API's consumers use `api.` before it. */
  domain: string;
  /** Who issues the tokens that the API accepts. */
  tokenIssuer: string;
  /** Whose workflows deploy it, as GitHub's tokens call them. A developer's own stage is deployed by herself. */
  repository?: string;
  /** Data outlives the stage, and nothing is removed by mistake. */
  isProtected: boolean;
  /** A gateway in each zone, in place of one small instance in each. */
  hasManagedNat: boolean;
  /** Endpoints within the VPC for the AWS services that pods use, which cost by the hour. */
  hasPrivateEndpoints: boolean;
  /** A Valkey cluster for what processes of the API share, beside what each of them keeps. */
  hasCache: boolean;
  /** Capacity units of each instance (2 GiB each). A reader is promoted where the writer fails. */
  database: { minUnits: number; maxUnits: number; readers: number };
  nodes: { api: Nodes; worker: Nodes; system: Nodes };
  replicas: { api: { min: number; max: number }; worker: { min: number; max: number }; nginx: number };
  logDays: number;
  /** Another region, where copies of files and of exports of the database are kept; null where there are none. */
  copyRegion: string | null;
};

const domain = 'portfolio.example.com';

const common = {
  tokenIssuer: 'https://id.example.com/',
  // Since 2026, with the numbers of both: the same names can be somebody else's one day.
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

/** The same in small: what is tried here must go on there. */
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

/** What the stage of a name is like; any name but two is a developer's own. */
export function stageOf(name: string): Stage {
  if (name === 'production') return { name, ...production };
  if (name === 'staging') return { name, ...staging };
  const { repository: _, ...own } = staging;
  const zone = `dev.${domain}`;
  return { name, ...own, zone, domain: `${name}.${zone}`, logDays: 7 };
}

/** Options of what must outlive a protected stage: nobody removes or replaces it by mistake. */
export const keep = ({ isProtected }: Stage) => ({ protect: isProtected, retainOnDelete: isProtected });
