import type { Client, Outputs } from '@portfolio/api/client';
import type { LocalFile } from './local-file.ts';
import type { ArtifactFile } from './read-folder.ts';
import { sendFile } from './send-file.ts';
import { type Plan, type Step, changesOf, orNull, stepTo } from './step.ts';

type Ref = { portfolio: string; slug: string };
type WantedVersion = ArtifactFile['fields']['versions'][number] & { content: LocalFile | null };

/** Plans an artifact and its versions, which can be added but not changed: a changed file needs a new version name. */
export async function planArtifact(plan: Plan, source: ArtifactFile): Promise<Step> {
  const { api, portfolio } = plan;
  const ref = { portfolio, slug: source.slug };
  const { versions, ...fields } = source.fields;
  const wanted = { ...fields, description: source.body.trim() };
  const found = await orNull(api.artifact.read.query(ref));
  const contents = versions.map((version, index) => ({
    ...version,
    content: source.contents[index] ?? null,
  }));
  const missing = found ? await findMissing(plan, source, ref, contents) : contents;
  return stepTo({
    what: `artifact ${source.slug}`,
    source,
    found: found && { ...found, versions: {} },
    wanted: {
      ...wanted,
      versions: Object.fromEntries(missing.map((version) => [version.name, locationOf(version)])),
    },
    async apply() {
      const changes = found ? changesOf(found, wanted) : null;
      if (!found) await api.artifact.create.mutate({ ...ref, ...wanted });
      else if (changes)
        await api.artifact.update.mutate({ ...ref, ...changes, expectedVersion: found.version });
      for (const version of missing) await addVersion(api, ref, version);
    },
  });
}

/** The versions to add. Reports a problem for each version that exists with different content. */
async function findMissing(
  { api, reportProblem }: Plan,
  { file, lineOf }: ArtifactFile,
  ref: Ref,
  wanted: WantedVersion[],
) {
  const known = await readVersions(api, ref);
  return wanted.filter((version, index) => {
    const found = known.get(version.name);
    if (found && !isSame(found, version)) {
      const message = `Version "${version.name}" already exists with different content: give this one another name.`;
      reportProblem({ file, line: lineOf(['versions', index]), message });
    }
    return !found;
  });
}

type Version = Outputs['artifact']['versions']['items'][number];

async function readVersions(api: Client, ref: Ref): Promise<Map<string, Version>> {
  const versions = new Map<string, Version>();
  let cursor: string | null = null;
  do {
    const page: Outputs['artifact']['versions'] = await api.artifact.versions.query({
      ...ref,
      limit: 100,
      ...(cursor && { cursor }),
    });
    for (const version of page.items) versions.set(version.name, version);
    cursor = page.nextCursor;
  } while (cursor);
  return versions;
}

function isSame(found: Version, { notes, content, referenceUrl }: WantedVersion): boolean {
  return (
    found.notes === notes &&
    found.referenceUrl === (referenceUrl ?? null) &&
    (found.file?.sha256 ?? null) === (content?.sha256 ?? null)
  );
}

const locationOf = ({ referenceUrl, content }: WantedVersion) => referenceUrl ?? content?.fileName;

async function addVersion(api: Client, ref: Ref, { name, notes, referenceUrl, content }: WantedVersion) {
  const from = content
    ? { uploadId: await sendFile(content, ref.portfolio, async (file) => api.artifact.upload.mutate(file)) }
    : { referenceUrl };
  await api.artifact.addVersion.mutate({ ...ref, name, notes, ...from });
}
