import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { imageBytes } from '@portfolio/core/image/schemas';
import type { ReportProblem } from './import-problem.ts';
import type { MarkdownFile } from './front-matter.ts';

/** An image file that a study shows: the position of its URL in the body, its path and its hash. */
export type LocalImage = { start: number; end: number; line: number; path: string; sha256: string };

/** The images with a relative URL, which have to be files in the folder. Reports a problem for each other one. */
export async function findImages(
  folder: string,
  { body, bodyLine, file }: MarkdownFile<unknown>,
  reportProblem: ReportProblem,
): Promise<LocalImage[]> {
  const images: LocalImage[] = [];
  for (const { url, start, end, line } of findReferences(body, bodyLine)) {
    const path = resolve(folder, url);
    const bytes = await readImage(folder, path);
    const at = body.lastIndexOf(url, end);
    if (!bytes)
      reportProblem({ file, line, message: `Expected a PNG or JPEG file "${url}" in this folder.` });
    else if (at < start) reportProblem({ file, line, message: `Write the path "${url}" without escapes.` });
    else {
      const { error } = imageBytes.safeParse(bytes.toString('base64'));
      if (error) reportProblem({ file, line, message: `${url}: ${error.issues[0]!.message}` });
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      images.push({ start: at, end: at + url.length, line, path, sha256 });
    }
  }
  return images;
}

/** The bytes of an image in the folder; null if it is missing, elsewhere, or not named like a PNG or JPEG. */
async function readImage(folder: string, path: string): Promise<Buffer | null> {
  const isInside = path.startsWith(folder + sep);
  return isInside && /\.(png|jpe?g)$/i.test(path) ? readFile(path).catch(() => null) : null;
}

/** The positions of relative image URLs: in the image itself, or in the definition that it refers to. */
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
