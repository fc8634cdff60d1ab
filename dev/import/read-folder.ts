import { readFile, readdir } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { z } from 'zod';
import { type Complaint, type MarkdownFile, parseMarkdownFile } from './front-matter.ts';

// Types only: what a value may be is checked by the API, which says it the same way to everybody.
const portfolioFields = z.strictObject({
  slug: z.string(),
  name: z.string(),
  tagline: z.string().optional(),
});

const studyFields = z.strictObject({
  title: z.string(),
  slug: z.string().optional(),
  summary: z.string().optional(),
  client: z.string().optional(),
  period: z.strictObject({ from: z.string(), to: z.string().optional() }).optional(),
  tags: z.array(z.string()).optional(),
  language: z.string().optional(),
  status: z.enum(['draft', 'published']).default('draft'),
});

/** An image that a study shows from its folder: where its reference stands in the body, and its bytes. */
type LocalImage = { start: number; end: number; bytes: Buffer; line: number };

export type StudyFile = MarkdownFile<z.output<typeof studyFields>> & { slug: string; images: LocalImage[] };
export type PortfolioFile = MarkdownFile<z.output<typeof portfolioFields>>;
export type PortfolioFolder = { portfolio: PortfolioFile; studies: StudyFile[] };

/** Everything that was wrong, a line each: file, line, and what would be right. */
export class ImportError extends Error {
  constructor(complaints: readonly Complaint[]) {
    super(complaints.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.name = 'ImportError';
  }
}

const portfolioFile = 'portfolio.md';

/**
 * Reads a folder that holds `portfolio.md` and a Markdown file for each case study, and checks all of it before
 * anything is sent. Throws ImportError with every complaint.
 */
export async function readPortfolioFolder(folder: string): Promise<PortfolioFolder> {
  const names = await readdir(folder).catch(() => {
    throw new ImportError([{ file: folder, line: 1, message: 'This folder cannot be read.' }]);
  });
  if (!names.includes(portfolioFile)) {
    const message = `Expected a file ${portfolioFile} with the fields slug and name.`;
    throw new ImportError([{ file: folder, line: 1, message }]);
  }
  const complaints: Complaint[] = [];
  const complain = (complaint: Complaint) => void complaints.push(complaint);
  const shown = (name: string) => relative(process.cwd(), join(folder, name)) || name;
  const read = async (name: string) => ({
    file: shown(name),
    source: await readFile(join(folder, name), 'utf8'),
  });

  const head = await read(portfolioFile);
  const portfolio = parseMarkdownFile(head.file, head.source, portfolioFields, complain);
  const studies: StudyFile[] = [];
  for (const name of names.filter((entry) => entry.endsWith('.md') && entry !== portfolioFile).toSorted()) {
    const { file, source } = await read(name);
    const parsed = parseMarkdownFile(file, source, studyFields, complain);
    if (!parsed) continue;
    const images = await findImages(resolve(folder), parsed, complain);
    studies.push({ ...parsed, slug: parsed.fields.slug ?? basename(name, '.md'), images });
  }
  for (const study of studies) {
    const first = studies.find(({ slug }) => slug === study.slug)!;
    if (first === study) continue;
    const line = study.lineOf(['slug']);
    complain({ file: study.file, line, message: `${first.file} has the slug "${study.slug}" already.` });
  }
  if (!portfolio || complaints.length > 0) throw new ImportError(complaints);
  return { portfolio, studies };
}

/** Images with a relative address, with the bytes of their files. */
async function findImages(
  folder: string,
  study: MarkdownFile<unknown>,
  complain: (complaint: Complaint) => void,
) {
  const { body, bodyLine, file } = study;
  const images: LocalImage[] = [];
  for (const { url, start, end, line } of findReferences(body, bodyLine)) {
    const bytes = await readImage(folder, url);
    const at = body.lastIndexOf(url, end);
    if (!bytes) complain({ file, line, message: `Expected a PNG or JPEG file "${url}" in this folder.` });
    else if (at < start) complain({ file, line, message: `Write the address "${url}" without escapes.` });
    else images.push({ start: at, end: at + url.length, bytes, line });
  }
  return images;
}

/** The bytes of an image below the folder; null for what is not there, elsewhere, or no PNG or JPEG by its name. */
async function readImage(folder: string, url: string): Promise<Buffer | null> {
  const path = resolve(folder, url);
  const isInside = path.startsWith(folder + sep);
  return isInside && /\.(png|jpe?g)$/i.test(path) ? readFile(path).catch(() => null) : null;
}

/** Where images have a relative address: in the image itself, or in the definition that it refers to. */
function findReferences(body: string, bodyLine: number) {
  const tree = unified().use(remarkParse).use(remarkGfm).parse(body);
  const definitions = new Set<string>();
  visit(tree, 'imageReference', ({ identifier }) => void definitions.add(identifier));
  const references: { url: string; start: number; end: number; line: number }[] = [];
  visit(tree, (node) => {
    const shows = node.type === 'image' || (node.type === 'definition' && definitions.has(node.identifier));
    if (!shows || /^([a-z][a-z0-9+.-]*:|\/)/i.test(node.url)) return;
    const { start, end } = node.position!;
    references.push({
      url: node.url,
      start: start.offset!,
      end: end.offset!,
      line: start.line + bodyLine - 1,
    });
  });
  return references;
}
