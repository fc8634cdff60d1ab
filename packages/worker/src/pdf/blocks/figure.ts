import type { Image, ImageReference, Paragraph, PhrasingContent } from 'mdast';

import { colors, types } from '../theme.ts';
import { breakLines } from '../type/lines.ts';
import { baselineOf, plainLook } from '../type/text.ts';
import { inTag, setLines } from '../typesetter.ts';
import type { Frame, Typesetter } from '../typesetter.ts';
import { inlineSpans } from './inline.ts';

/** The only content of a paragraph, if it is an image or a link around an image. */
export function soleImage({ children }: Paragraph): PhrasingContent | undefined {
  const [only] = children;
  if (only === undefined || children.length > 1) return undefined;
  return imageIn(only) === undefined ? undefined : only;
}

function imageIn(node: PhrasingContent): Image | ImageReference | undefined {
  if (node.type === 'image' || node.type === 'imageReference') return node;
  if (node.type !== 'link' && node.type !== 'linkReference') return undefined;
  const [only] = node.children;
  return only !== undefined && node.children.length === 1 ? imageIn(only) : undefined;
}

/** Sets an image as a block, with its alternative text (and title, if it has one) as the caption. */
export async function setFigure(typesetter: Typesetter, node: PhrasingContent, frame: Frame): Promise<void> {
  const { flow } = typesetter;
  const image = imageIn(node);
  const alt = image?.alt ?? '';
  const title = image?.type === 'image' ? image.title : undefined;
  const spans = await inlineSpans([node], frame.style, { ...typesetter, pictureWidth: flow.width });
  const [line] = breakLines(spans, flow.width, frame.type);
  if (line === undefined) return;
  const caption = [alt, title].filter((text) => text).join(' · ');
  await inTag(
    typesetter,
    frame.tag,
    'Figure',
    async (tag) => {
      flow.gap(frame.gap + 4);
      await flow.ensure(line.height + (caption === '' ? 0 : 20));
      const { ink, left, y } = flow;
      ink.tagged(tag, () => ink.line(line, left, baselineOf(line, y, { size: 0, leading: 0 })));
      flow.advance(line.height);
      if (caption === '') return;
      flow.gap(2);
      await inTag(typesetter, tag, 'Caption', (captionTag) => {
        const look = plainLook('italic', types.caption.size, colors.muted);
        const lines = breakLines([{ kind: 'text', text: caption, look }], flow.width, types.caption);
        return setLines(typesetter, lines, { ...frame, type: types.caption, tag: captionTag });
      });
    },
    { alt },
  );
  flow.gap(frame.gap + 6);
}
