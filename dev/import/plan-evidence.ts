import type { Client, Outputs } from '@portfolio/api/client';
import type { LocalFile } from './local-file.ts';
import type { EvidenceFile } from './read-folder.ts';
import { sendFile } from './send-file.ts';
import { type Plan, type Step, changesOf, orNull, stepTo } from './step.ts';

type Evidence = Outputs['evidence']['read'];

/** Plans evidence and its file: a file whose hash differs from the latest version becomes the next version. */
export async function planEvidence({ api, portfolio }: Plan, source: EvidenceFile): Promise<Step> {
  const ref = { portfolio, slug: source.slug };
  const { file: _, ...fields } = source.fields;
  const { content } = source;
  const wanted = { ...fields, description: source.body.trim() };
  const found = await orNull(api.evidence.read.query(ref));
  const bytes = content ? bytesToSend(found, content) : {};
  const step = stepTo({
    what: `evidence ${source.slug}`,
    source,
    found: found && { ...found, sha256: found.latest?.sha256 },
    wanted: { ...wanted, ...bytes },
    async apply() {
      const changes = found ? changesOf(found, wanted) : wanted;
      if (!found) await api.evidence.create.mutate({ ...ref, ...wanted });
      else if (changes)
        await api.evidence.update.mutate({ ...ref, ...changes, expectedVersion: found.version });
      if (content && Object.keys(bytes).length > 0) await addVersion(api, ref, content);
      // The worker fetches the source; the job is listed with the portfolio's jobs.
      if (changes?.sourceUrl) await api.evidence.sync.mutate(ref);
    },
  });
  return step;
}

/** The change of the stored bytes: the same bytes are sent again if they no longer count as fresh. */
function bytesToSend(found: Evidence | null, { sha256 }: LocalFile) {
  if (found?.latest?.sha256 !== sha256) return { sha256 };
  return found.standing === 'fresh' ? {} : { standing: 'fresh' };
}

async function addVersion(api: Client, ref: { portfolio: string; slug: string }, content: LocalFile) {
  const uploadId = await sendFile(content, ref.portfolio, async (file) => api.evidence.upload.mutate(file));
  await api.evidence.addVersion.mutate({ ...ref, uploadId });
}
