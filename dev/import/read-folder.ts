import { readFile, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { maxUploadBytes } from '@portfolio/core/upload/schemas';
import { slugSchema } from '@portfolio/core/text';
import { z } from 'zod';
import { toCommandFolder } from '../settings.ts';
import { type ReportProblem, type ImportProblem, ImportError } from './import-problem.ts';
import { type Kind, artifactFile, evidenceFile, metricFile, portfolioFile, studyFile } from './fields.ts';
import { type MarkdownFile, checkFields, parseMarkdownFile } from './front-matter.ts';
import { type LocalImage, findImages } from './images.ts';
import { type LocalFile, describeLocalFile } from './local-file.ts';
import { type SamplesFile, checkSamples } from './samples.ts';

type Named<Schema extends z.ZodType> = MarkdownFile<z.output<Schema>> & { slug: string };

export type PortfolioFile = MarkdownFile<z.output<typeof portfolioFile.fields>>;
export type MetricFile = Named<typeof metricFile.fields> & { samples: SamplesFile | null };
export type EvidenceFile = Named<typeof evidenceFile.fields> & { content: LocalFile | null };
export type ArtifactFile = Named<typeof artifactFile.fields> & { contents: (LocalFile | null)[] };
export type StudyFile = Named<typeof studyFile.fields> & { images: LocalImage[] };

/** The checked content of a folder. */
export type PortfolioFolder = {
  portfolio: PortfolioFile;
  metrics: MetricFile[];
  evidence: EvidenceFile[];
  artifacts: ArtifactFile[];
  studies: StudyFile[];
};

const portfolioName = 'portfolio.md';

/** The folder, how its paths are displayed, and where problems are reported. */
type Reader = { root: string; displayPath(path: string): string; reportProblem: ReportProblem };

/**
 * Reads a folder: `portfolio.md`, a Markdown file for each case study, and the folders `metrics`, `evidence` and
 * `artifacts` (docs/import.md). Throws ImportError with all problems in any of them.
 */
export async function readPortfolioFolder(folder: string): Promise<PortfolioFolder> {
  const names = await readdir(folder).catch(() => null);
  const refuse = (message: string) => new ImportError([{ file: toCommandFolder(folder), line: 1, message }]);
  if (!names) throw refuse('This folder cannot be read.');
  if (names.length === 0) throw refuse(`This folder is empty: expected ${portfolioName} in it.`);
  if (!names.includes(portfolioName)) {
    throw refuse(`Expected a file ${portfolioName} with the fields slug and name.`);
  }
  const problems: ImportProblem[] = [];
  const root = resolve(folder);
  const reader: Reader = {
    root,
    displayPath: toCommandFolder,
    reportProblem: (problem) => void problems.push(problem),
  };
  const portfolio = await readMarkdown(reader, join(root, portfolioName), portfolioFile);
  const metrics = await readMetrics(reader);
  const evidence = await readEvidence(reader);
  const artifacts = await readArtifacts(reader);
  const studies = await readStudies(reader);
  if (!portfolio || problems.length > 0) throw new ImportError(problems);
  return { portfolio, metrics, evidence, artifacts, studies };
}

async function readMetrics(reader: Reader): Promise<MetricFile[]> {
  const folder = join(reader.root, 'metrics');
  const files = await readNamed(reader, folder, metricFile);
  const tables = (await list(folder)).filter((name) => name.endsWith('.csv'));
  const samplesOf = new Map<string, SamplesFile>();
  for (const name of tables) {
    const path = join(folder, name);
    const file = reader.displayPath(path);
    const key = basename(name, '.csv');
    // By file name, since a metric with problems is not in `files`.
    const isDefined = (await list(folder)).includes(`${key}.md`);
    if (!isDefined) {
      reader.reportProblem({
        file,
        line: 1,
        message: `Expected a file ${key}.md in the same folder, with the metric's name.`,
      });
    }
    samplesOf.set(key, await checkSamples(file, path, reader.reportProblem));
  }
  return files.map((file) => ({ ...file, samples: samplesOf.get(file.slug) ?? null }));
}

async function readEvidence(reader: Reader): Promise<EvidenceFile[]> {
  const found: EvidenceFile[] = [];
  for (const file of await readNamed(reader, join(reader.root, 'evidence'), evidenceFile)) {
    const content = await readContent(reader, file, ['file'], file.fields.file, maxUploadBytes.evidence);
    found.push({ ...file, content });
  }
  return found;
}

async function readArtifacts(reader: Reader): Promise<ArtifactFile[]> {
  const found: ArtifactFile[] = [];
  for (const file of await readNamed(reader, join(reader.root, 'artifacts'), artifactFile)) {
    const contents: (LocalFile | null)[] = [];
    for (const [index, version] of file.fields.versions.entries()) {
      const path = ['versions', index, 'file'];
      contents.push(await readContent(reader, file, path, version.file, maxUploadBytes.artifact));
    }
    found.push({ ...file, contents });
  }
  return found;
}

async function readContent(
  reader: Reader,
  { file, path, lineOf }: MarkdownFile<unknown> & { path: string },
  field: PropertyKey[],
  name: string | undefined,
  maxBytes: number,
): Promise<LocalFile | null> {
  if (name === undefined) return null;
  const found = await describeLocalFile(reader.root, path, name, maxBytes);
  if (found.file) return found.file;
  reader.reportProblem({ file, line: lineOf(field), message: `${field.join('.')}: ${found.problem}` });
  return null;
}

async function readStudies(reader: Reader): Promise<StudyFile[]> {
  const studies: StudyFile[] = [];
  const files = await readNamed(reader, reader.root, studyFile, [portfolioName]);
  for (const file of files) {
    const first = studies.find(({ slug }) => slug === file.slug);
    if (first) {
      const message = `The slug "${file.slug}" is already used by ${first.file}.`;
      reader.reportProblem({ file: file.file, line: file.lineOf(['slug']), message });
    }
    studies.push({ ...file, images: await findImages(reader.root, file, reader.reportProblem) });
  }
  return studies;
}

/** The Markdown files of a folder except README.md, each with its slug: from its front matter, or from its file name. */
async function readNamed<Schema extends z.ZodType<object>>(
  reader: Reader,
  folder: string,
  kind: Kind<Schema>,
  excluded: readonly string[] = [],
) {
  const names = (await list(folder)).filter(
    (name) => name.endsWith('.md') && name !== 'README.md' && !excluded.includes(name),
  );
  const files: (Named<Schema> & { path: string })[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const parsed = await readMarkdown(reader, path, kind);
    if (!parsed) continue;
    const given = 'slug' in parsed.fields ? parsed.fields.slug : undefined;
    const slug = typeof given === 'string' ? given : basename(name, '.md');
    if (checkFields(parsed, { slug }, z.object({ slug: slugSchema }), reader.reportProblem))
      files.push({ ...parsed, path, slug });
  }
  return files;
}

async function readMarkdown<Schema extends z.ZodType>(
  { displayPath, reportProblem }: Reader,
  path: string,
  { fields, text }: Kind<Schema>,
) {
  const file = displayPath(path);
  const parsed = parseMarkdownFile(file, await readFile(path, 'utf8'), fields, reportProblem);
  if (!parsed) return null;
  const { bodyLine, body } = parsed;
  checkFields({ file, lineOf: () => bodyLine }, { text: body.trim() }, z.object({ text }), reportProblem);
  return parsed;
}

/** The sorted names in a folder; empty if there is no such folder. */
async function list(folder: string): Promise<string[]> {
  const names: string[] = await readdir(folder).catch(() => []);
  return names.toSorted();
}
