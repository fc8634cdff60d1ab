import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { imageBytes } from '@portfolio/core/image/schemas';
import type { Complain } from './complaint.ts';
import type { MarkdownFile } from './front-matter.ts';

/** An image that a study shows from its folder: where its address stands in the body, and what it is. */
export type LocalImage = { start: number; end: number; line: number; path: string; sha256: string };

/** Images with a relative address, which have to be files of the folder. */
export async function findImages(
  folder: string,
  { body, bodyLine, file }: MarkdownFile<unknown>,
  complain: Complain,
): Promise<LocalImage[]> {
  const images: LocalImage[] = [];
  for (const { url, start, end, line } of findReferences(body, bodyLine)) {
    const path = resolve(folder, url);
    const bytes = await readImage(folder, path);
    const at = body.lastIndexOf(url, end);
    if (!bytes) complain({ file, line, message: `Expected a PNG or JPEG file "${url}" in this folder.` });
    else if (at < start) complain({ file, line, message: `Write the address "${url}" without escapes.` });
    else {
      const { error } = imageBytes.safeParse(bytes.toString('base64'));
      if (error) complain({ file, line, message: `${url}: ${error.issues[0]!.message}` });
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      images.push({ start: at, end: at + url.length, line, path, sha256 });
    }
  }
  return images;
}

/** The bytes of an image below the folder; null for what is not there, elsewhere, or no PNG or JPEG by its name. */
async function readImage(folder: string, path: string): Promise<Buffer | null> {
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
