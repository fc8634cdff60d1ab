import { manyKeys, manyObjects, multipart, nested, octets, png } from './bodies.ts';
import {
  type Credential,
  anonymous,
  eachOf,
  forgedToken,
  keyOf,
  oldFormat,
  oneUnknown,
  unknownIssuerKey,
  wrongChecksum,
} from './credentials.ts';
import { frames } from './frames.ts';
import { getOnce, gets, posts, slowConnections, slowPosts } from './http.ts';
import { streams } from './streams.ts';
import type { Flood, Target } from './target.ts';

/** A flood, with what is right for its answers. All have to be refusals below 500, unless the row says otherwise. */
export type Row = {
  name: string;
  flood: Flood;
  /** What comes before it, and is not measured. */
  prepare?: (target: Target) => Promise<void>;
  /** Settings of the API that are not the default. */
  settings?: Record<string, string>;
  /** The most queries for each answer, 0 by default; null where requests are let in, which have a right to some. */
  queries?: number | null;
  /** The most requests that may be let in, or have their body waited for; 0 by default. */
  letIn?: number;
  /** True where the limit that was spent before must not be renewed during the flood. */
  isWithinMinute?: boolean;
};

const portfolios = '/api/v1/portfolios';
const studies = '/api/v1/portfolios/bench/case-studies';
const images = '/api/v1/portfolios/bench/images';
const jobs = '/api/v1/jobs';
const changes = '/api/v1/jobs/changes';
const trpcPortfolios = '/trpc/portfolio.create';
const trpcStudies = '/trpc/caseStudy.create';
const trpcJobs = '/trpc/job.list?input=%7B%7D';
const trpcChanges = '/trpc/job.changes?input=%7B%7D';
const batch = `/trpc/${Array.from({ length: 100 }, () => 'job.list').join()}?batch=1&input=%7B%7D`;
const owner = keyOf('owner');
const viewer = keyOf('viewer');
const nonMember = keyOf('nonMember');
const narrow = keyOf('narrow');
const unknownKeys = eachOf('unknown');
const lowLimit = { RATE_LIMIT_PER_MINUTE: '100' };
/** One query finds the key, one the role of its subject. */
const withRole = 2;

/** Calls until the limit of the credential, or of the address, is reached: in batches, then alone, for what counts once. */
const spend = (credential: Credential) => async (target: Target) => {
  const most = 2000;
  for (const path of [batch, jobs]) {
    for (let at = 0, status = ''; at < most && status !== '429'; at++)
      status = await getOnce(target, path, credential(target, at));
  }
};
const spent = (credential: Credential) => ({ prepare: spend(credential), isWithinMinute: true });

const anonymousBodies: Row[] = [
  { name: 'nested JSON', flood: posts({ path: portfolios, credential: anonymous, body: nested }) },
  { name: '600,000 keys', flood: posts({ path: portfolios, credential: anonymous, body: manyKeys }) },
  {
    name: 'nested JSON, chunked',
    flood: posts({ path: portfolios, credential: anonymous, body: nested, isChunked: true }),
  },
  { name: 'octets of 100 MiB', flood: posts({ path: portfolios, credential: anonymous, body: octets }) },
  { name: 'an image of 100 MiB', flood: posts({ path: images, credential: anonymous, body: png }) },
  {
    name: 'nested JSON, tRPC',
    flood: posts({ path: trpcPortfolios, credential: anonymous, body: nested }),
  },
  {
    name: '600,000 keys, tRPC',
    flood: posts({ path: trpcPortfolios, credential: anonymous, body: manyKeys }),
  },
  {
    name: 'multipart of 100 MiB, tRPC',
    flood: posts({ path: trpcPortfolios, credential: anonymous, body: multipart }),
  },
  {
    name: 'multipart of 100 MiB, chunked, tRPC',
    flood: posts({ path: trpcPortfolios, credential: anonymous, body: multipart, isChunked: true }),
  },
  {
    name: 'octets of 100 MiB, tRPC',
    flood: posts({ path: trpcPortfolios, credential: anonymous, body: octets }),
  },
  { name: '300 slow bodies', flood: slowPosts(portfolios, anonymous) },
];

const memberBodies: Row[] = [
  {
    name: 'an unknown key, nested JSON',
    flood: posts({ path: studies, credential: oneUnknown, body: nested }),
  },
  {
    name: "a non-member's key, nested JSON",
    flood: posts({ path: studies, credential: nonMember, body: nested }),
    queries: withRole,
  },
  {
    name: "a non-member's key, multipart of 100 MiB, tRPC",
    flood: posts({ path: trpcStudies, credential: nonMember, body: multipart }),
    queries: withRole,
  },
  {
    name: "a viewer's key, nested JSON",
    flood: posts({ path: studies, credential: viewer, body: nested }),
    queries: withRole,
  },
  {
    name: "a viewer's key, 600,000 keys",
    flood: posts({ path: studies, credential: viewer, body: manyKeys }),
    queries: withRole,
  },
  {
    name: "a viewer's key, nested JSON, tRPC",
    flood: posts({ path: trpcStudies, credential: viewer, body: nested }),
    queries: withRole,
  },
  {
    name: 'a key without the scope, nested JSON',
    flood: posts({ path: studies, credential: narrow, body: nested }),
    queries: 1,
  },
  {
    name: "the owner's key, nested JSON",
    flood: posts({ path: studies, credential: owner, body: nested }),
    queries: withRole,
  },
  {
    name: "the owner's key, 600,000 keys",
    flood: posts({ path: studies, credential: owner, body: manyKeys }),
    queries: withRole,
  },
  {
    name: "the owner's key, 2,500,000 objects",
    flood: posts({ path: studies, credential: owner, body: manyObjects }),
    queries: withRole,
  },
  {
    name: "the owner's key, nested JSON, tRPC",
    flood: posts({ path: trpcStudies, credential: owner, body: nested }),
    queries: withRole,
  },
  {
    name: "the owner's key, 300 slow bodies",
    flood: slowPosts(studies, owner),
    queries: withRole,
    letIn: slowConnections,
  },
];

const credentials: Row[] = [
  { name: 'keys with a wrong checksum', flood: gets(jobs, wrongChecksum) },
  { name: 'keys with a wrong checksum, tRPC', flood: gets(trpcJobs, wrongChecksum) },
  { name: 'keys with a wrong checksum, 100 calls each, tRPC', flood: gets(batch, wrongChecksum) },
  { name: 'one unknown key', flood: gets(jobs, oneUnknown) },
  { name: 'unknown keys, limit spent', flood: gets(jobs, unknownKeys), ...spent(unknownKeys) },
  { name: 'unknown keys, limit spent, tRPC', flood: gets(trpcJobs, unknownKeys), ...spent(unknownKeys) },
  { name: 'unknown keys of the old format, limit spent', flood: gets(jobs, oldFormat), ...spent(oldFormat) },
  { name: 'forged tokens', flood: gets(jobs, forgedToken) },
  { name: 'forged tokens, tRPC', flood: gets(trpcJobs, forgedToken) },
  { name: 'tokens with unknown keys of the issuer', flood: gets(jobs, unknownIssuerKey) },
  { name: 'a good key, limit spent', flood: gets(jobs, owner), ...spent(owner), settings: lowLimit },
  { name: 'a good key, limit spent, tRPC', flood: gets(batch, owner), ...spent(owner), settings: lowLimit },
];

/** As many as fit into a frame, and as many as are accepted in one. */
const [tooMany, accepted] = [900, 90];
const sockets: Row[] = [
  { name: '900 calls without a credential', flood: frames(tooMany, anonymous) },
  { name: '900 calls with an unknown key', flood: frames(tooMany, oneUnknown) },
  { name: '900 calls, limit spent', flood: frames(tooMany, owner), ...spent(owner), settings: lowLimit },
  { name: '90 calls without a credential', flood: frames(accepted, anonymous) },
  { name: '90 calls with an unknown key', flood: frames(accepted, oneUnknown) },
  { name: '90 calls with a wrong checksum', flood: frames(accepted, wrongChecksum) },
  { name: '90 calls, limit spent', flood: frames(accepted, owner), ...spent(owner), settings: lowLimit },
];

const mostOfCredential = 100;
const mostOfAddress = 200;
const manyStreams: Row[] = [
  { name: 'one credential', flood: streams(changes, owner, 150), letIn: mostOfCredential, queries: null },
  {
    name: 'one credential, tRPC',
    flood: streams(trpcChanges, owner, 150),
    letIn: mostOfCredential,
    queries: null,
  },
  { name: 'one address', flood: streams(changes, eachOf('viewers')), letIn: mostOfAddress, queries: null },
  {
    name: 'one address, tRPC',
    flood: streams(trpcChanges, eachOf('viewers')),
    letIn: mostOfAddress,
    queries: null,
  },
  { name: 'without a credential', flood: streams(changes, anonymous) },
  { name: 'with an unknown key', flood: streams(changes, oneUnknown) },
];

/** By the names of the command line. */
export const groups: Record<string, { title: string; rows: Row[] }> = {
  anonymous: { title: 'Bodies of anonymous clients', rows: anonymousBodies },
  bodies: { title: 'Bodies of clients with a key', rows: memberBodies },
  credentials: { title: 'Requests with credentials that are refused', rows: credentials },
  frames: { title: 'Frames of WebSockets', rows: sockets },
  streams: { title: '1,500 streams over HTTP', rows: manyStreams },
};

/** Identifies a row between processes. */
export type RowId = { group: string; name: string };

export const findRow = ({ group, name }: RowId): Row => groups[group]!.rows.find((row) => row.name === name)!;
