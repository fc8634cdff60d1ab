import { type Client, type Inputs, problemOf } from '@portfolio/api/client';
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Complaint, MarkdownFile } from './front-matter.ts';
import { ImportError, type PortfolioFile, type StudyFile, readPortfolioFolder } from './read-folder.ts';

export type Change = { what: string; change: 'created' | 'updated' | 'unchanged' };

/**
 * Makes a portfolio look like a folder: creates what is missing, updates what differs, publishes what the folder
 * calls published, and leaves alone what the folder does not speak of. Doing it again changes nothing.
 * Throws ImportError where the folder is wrong, before anything is changed as far as that can be known.
 */
export async function importFolder(
  api: Client,
  folder: string,
  onChange: (change: Change) => void,
): Promise<{ portfolio: string }> {
  const { portfolio, studies } = await readPortfolioFolder(folder);
  const { slug } = portfolio.fields;
  onChange(await refusedAt(portfolio, importPortfolio(api, portfolio)));
  for (const study of studies) onChange(await refusedAt(study, importStudy(api, slug, study)));
  return { portfolio: slug };
}

async function importPortfolio(api: Client, { fields, body }: PortfolioFile): Promise<Change> {
  const { slug, name, tagline = '' } = fields;
  const wanted = { name, tagline, description: body.trim() };
  const what = `portfolio ${slug}`;
  const found = await orNull(api.portfolio.read.query({ portfolio: slug }));
  if (!found) {
    await api.portfolio.create.mutate({ slug, ...wanted });
    return { what, change: 'created' };
  }
  if (includes(found, wanted)) return { what, change: 'unchanged' };
  await api.portfolio.update.mutate({ portfolio: slug, ...wanted, expectedVersion: found.version });
  return { what, change: 'updated' };
}

async function importStudy(api: Client, portfolio: string, study: StudyFile): Promise<Change> {
  const { slug, fields } = study;
  const ref = { portfolio, slug };
  const wanted = {
    title: fields.title,
    summary: fields.summary ?? '',
    client: fields.client ?? null,
    period: fields.period ?? null,
    tags: fields.tags ?? [],
    language: fields.language ?? 'en',
    body: await uploadImages(api, portfolio, study),
  } satisfies Partial<Inputs['caseStudy']['create']>;
  const what = `case study ${slug}`;
  const found = await orNull(api.caseStudy.read.query(ref));
  const publish = fields.status === 'published' && found?.status !== 'published';
  let version = found?.version;
  if (version === undefined) ({ version } = await api.caseStudy.create.mutate({ ...ref, ...wanted }));
  else if (!includes(found!, wanted)) {
    ({ version } = await api.caseStudy.update.mutate({ ...ref, ...wanted, expectedVersion: version }));
  } else if (!publish) return { what, change: 'unchanged' };
  if (publish) await api.caseStudy.publish.mutate({ ...ref, expectedVersion: version });
  return { what, change: found ? 'updated' : 'created' };
}

/** Stores the images that are not there yet and resolves to the body with their addresses. */
async function uploadImages(
  api: Client,
  portfolio: string,
  { body, images, ...study }: StudyFile,
): Promise<string> {
  let result = body;
  // From the end, so that earlier places stay where they are.
  for (const { start, end, bytes, line } of images.toReversed()) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const stored = await orNull(api.image.read.query({ portfolio, sha256 }));
    const upload = async () => api.image.upload.mutate({ portfolio, bytes: bytes.toString('base64') });
    const { url } = stored ?? (await refusedAt({ file: study.file, lineOf: () => line }, upload()));
    result = result.slice(0, start) + url + result.slice(end);
  }
  return result;
}

/** Turns what the API refuses into complaints about the lines of the file that it came from. */
async function refusedAt<T>(
  file: Pick<MarkdownFile<unknown>, 'file' | 'lineOf'>,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const problem = problemOf(error);
    if (problem === null || !('status' in problem)) throw error;
    const fields = problem.errors ?? [{ pointer: '', detail: problem.detail }];
    const complaints = fields.map(({ pointer, detail }): Complaint => {
      const path = pointer.split('/').slice(1);
      return { file: file.file, line: file.lineOf(path), message: [...path, detail].join(': ') };
    });
    throw new ImportError(complaints);
  }
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (problemOf(error)?.code === 'not_found') return null;
    throw error;
  }
}

function includes(found: Record<string, unknown>, wanted: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([key, value]) => isDeepStrictEqual(found[key], value));
}
