import type { Client, Outputs } from '@portfolio/api/client';
import { imagePath } from '@portfolio/core/image/schemas';
import { readFile } from 'node:fs/promises';
import type { StudyFile } from './read-folder.ts';
import { type Plan, type Step, changesOf, orNull, refusedAt, stepTo } from './step.ts';

type Study = Outputs['caseStudy']['read'];

export async function planStudy(plan: Plan, source: StudyFile): Promise<Step> {
  const { api, portfolio } = plan;
  const ref = { portfolio, slug: source.slug };
  const { slug: _, status, ...fields } = source.fields;
  const body = withImages(portfolio, source);
  const [found] = await Promise.all([orNull(api.caseStudy.read.query(ref)), checkReferences(plan, source)]);
  const wanted = { ...fields, body };
  // With the versions that the API will pin, so that they can be compared.
  const compared = { ...wanted, claims: pin(fields.claims, found) };
  const publish = status === 'published' && found?.status !== 'published';
  return stepTo({
    what: `case study ${source.slug}`,
    source,
    found,
    wanted: { ...compared, ...(publish && { status }) },
    async apply() {
      await uploadImages(api, portfolio, source);
      let version = found?.version;
      if (version === undefined) ({ version } = await api.caseStudy.create.mutate({ ...ref, ...wanted }));
      else if (changesOf(found!, compared)) {
        ({ version } = await api.caseStudy.update.mutate({ ...ref, ...wanted, expectedVersion: version }));
      }
      if (publish) await api.caseStudy.publish.mutate({ ...ref, expectedVersion: version });
    },
  });
}

/** Citations without a version keep the version that the same claim has pinned. */
function pin(claims: StudyFile['fields']['claims'], found: Study | null) {
  return claims.map(({ evidence, ...claim }) => {
    const same = found?.claims.find(
      ({ key, statement }) => key === claim.key && statement === claim.statement,
    );
    const cited = evidence.map(({ slug, version }) => {
      const pinned = same?.evidence.find((other) => other.slug === slug)?.version;
      return { slug, version: version ?? pinned };
    });
    return { ...claim, evidence: cited };
  });
}

/** Reports a problem for each reference to an item that neither the folder nor the portfolio has. */
async function checkReferences(
  { api, folder, portfolio, reportProblem }: Plan,
  { file, lineOf, fields }: StudyFile,
) {
  const check = async (
    noun: 'evidence' | 'metric' | 'artifact',
    files: readonly { slug: string }[],
    slug: string,
    path: PropertyKey[],
  ) => {
    if (files.some((other) => other.slug === slug)) return;
    const found = {
      evidence: async () => api.evidence.read.query({ portfolio, slug }),
      metric: async () => api.metric.read.query({ portfolio, key: slug }),
      artifact: async () => api.artifact.read.query({ portfolio, slug }),
    }[noun];
    if (await orNull<unknown>(found())) return;
    const message = `${path.join('.')}: There is no ${noun} "${slug}", neither in this folder nor in the portfolio.`;
    reportProblem({ file, line: lineOf(path), message });
  };
  await Promise.all([
    ...fields.claims.flatMap(({ evidence, metric }, index) => [
      ...evidence.map(async ({ slug }, cited) =>
        check('evidence', folder.evidence, slug, ['claims', index, 'evidence', cited]),
      ),
      metric && check('metric', folder.metrics, metric.key, ['claims', index, 'metric', 'key']),
    ]),
    ...fields.artifacts.map(async (slug, index) =>
      check('artifact', folder.artifacts, slug, ['artifacts', index]),
    ),
  ]);
}

/** The body with the URLs at which the API will serve its images. */
function withImages(portfolio: string, { body, images }: StudyFile): string {
  let result = body;
  // From the end, so that earlier offsets remain valid.
  for (const { start, end, sha256 } of images.toReversed()) {
    result = result.slice(0, start) + imagePath(portfolio, sha256) + result.slice(end);
  }
  return result;
}

/** Uploads the images that are not stored yet. */
async function uploadImages(api: Client, portfolio: string, { file, images }: StudyFile) {
  for (const { sha256, path, line } of images) {
    if (await orNull(api.image.read.query({ portfolio, sha256 }))) continue;
    const bytes = (await readFile(path)).toString('base64');
    await refusedAt({ file, lineOf: () => line }, api.image.upload.mutate({ portfolio, bytes }));
  }
}
