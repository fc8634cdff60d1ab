import type { PhrasingContent } from 'mdast';

import type { FontName } from '../fonts.ts';
import type { Definitions } from '../markdown/markdown.ts';
import type { Notes } from '../markdown/notes.ts';
import { colors, monoScale, paper } from '../theme.ts';
import type { Color } from '../theme.ts';
import { look } from '../type/text.ts';
import type { Link, Look, Span } from '../type/text.ts';
import { openTypefacesFor } from '../type/typefaces.ts';
import type { Images } from './images.ts';

/** The look of text without markup. */
export type TextStyle = {
  readonly size: number;
  readonly color: Color;
  readonly bold?: boolean;
  readonly italic?: boolean;
};

/** The context of inline content. */
export type InlineContext = {
  readonly definitions: Definitions;
  readonly notes: Notes;
  readonly images: Images;
  /** The prefix of the names of destinations in this text. */
  readonly scope: string;
  /** The maximum size of a picture in points; the default height is most of a page. */
  readonly pictureWidth: number;
  readonly pictureHeight?: number;
};

const tallestPicture = (paper.bottom - paper.top) * 0.82;

type State = TextStyle & { strike?: boolean; link?: Link | undefined };

/** Turns inline Markdown into spans. Loads pictures, and opens the fonts that the text needs. */
export async function inlineSpans(
  nodes: readonly PhrasingContent[],
  style: TextStyle,
  context: InlineContext,
): Promise<Span[]> {
  const spans: Span[] = [];
  const pictures: Promise<void>[] = [];
  const walk: Walk = { ...context, spans, pictures };
  for (const node of nodes) addNode(walk, node, style);
  await Promise.all(pictures);
  await openTypefacesFor(...spans.map((span) => (span.kind === 'text' ? span.text : '')));
  return spans;
}

/** The results of a walk over inline content; pictures are inserted when they are loaded. */
type Walk = InlineContext & { readonly spans: Span[]; readonly pictures: Promise<void>[] };

function addNode(walk: Walk, node: PhrasingContent, state: State): void {
  const { spans } = walk;
  const addAll = (nodes: readonly PhrasingContent[], inner: State): void => {
    for (const child of nodes) addNode(walk, child, inner);
  };
  switch (node.type) {
    case 'text':
      spans.push(textSpan(foldSpaces(node.value), state));
      break;
    case 'emphasis':
      addAll(node.children, { ...state, italic: state.italic !== true });
      break;
    case 'strong':
      addAll(node.children, { ...state, bold: true });
      break;
    case 'delete':
      addAll(node.children, { ...state, strike: true });
      break;
    case 'inlineCode':
      spans.push(codeSpan(node.value, state, colors.tint));
      break;
    case 'html':
      spans.push(codeSpan(node.value, { ...state, color: colors.muted }, null));
      break;
    case 'break':
      spans.push(textSpan('\n', state));
      break;
    case 'link':
      addLink(walk, node.url, node.children, state);
      break;
    case 'linkReference': {
      const url = walk.definitions.get(node.identifier)?.url;
      if (url === undefined) addAll(node.children, state);
      else addLink(walk, url, node.children, state);
      break;
    }
    case 'image':
      addPicture(walk, node.url, node.alt ?? '', state);
      break;
    case 'imageReference': {
      const url = walk.definitions.get(node.identifier)?.url ?? node.identifier;
      addPicture(walk, url, node.alt ?? '', state);
      break;
    }
    case 'footnoteReference':
      addNoteMark(walk, node.identifier, state);
      break;
    default:
      node satisfies never;
  }
}

// A line break between two East Asian letters is not a space: their scripts have none between words.
const eastAsianBreak =
  /(?<=[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef])[ \t]*\n[ \t]*(?=[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef])/g;

const unfolded = /[\t\r\n\u00ad]| {2}/;

function foldSpaces(text: string): string {
  if (!unfolded.test(text)) return text;
  return text
    .replace(eastAsianBreak, '')
    .replace(/[ \t\r\n]+/g, ' ')
    .replaceAll('\u00ad', '');
}

// Few distinct states occur in a document: looking up the look by the state object saves time.
const textLooks = new WeakMap<State, Look>();

function textLook(state: State): Look {
  const known = textLooks.get(state);
  if (known !== undefined) return known;
  const { size, color, bold, italic, strike } = state;
  const font: FontName = bold ? (italic ? 'boldItalic' : 'bold') : italic ? 'italic' : 'regular';
  const found = look({ font, size, color, rise: 0, strike: strike === true, ground: null });
  textLooks.set(state, found);
  return found;
}

function textSpan(text: string, state: State): Span {
  return { kind: 'text', text, look: textLook(state), link: state.link };
}

function codeSpan(text: string, state: State, ground: Color | null): Span {
  const { size, color, bold, strike } = state;
  const font: FontName = bold ? 'monoBold' : 'mono';
  const codeLook = look({ font, size: size * monoScale, color, rise: 0, strike: strike === true, ground });
  return { kind: 'text', text: text.replace(/\s/g, ' '), look: codeLook, link: state.link };
}

const followed = /^(?:https?|mailto|tel|xmpp|ftp):/i;
const anyScheme = /^[a-z][a-z0-9+.-]*:/i;

function addLink(walk: Walk, url: string, children: readonly PhrasingContent[], state: State): void {
  const harmless = followed.test(url) || !anyScheme.test(url);
  const link = url.startsWith('#') ? { anchor: walk.scope + anchorOfSlug(url.slice(1)) } : { url };
  const inner = harmless ? { ...state, color: colors.link, link } : state;
  for (const child of children) addNode(walk, child, inner);
  if (!harmless) walk.spans.push(textSpan(` (${url})`, state));
}

function addPicture(
  { spans, pictures, images, ...room }: Walk,
  url: string,
  alt: string,
  state: State,
): void {
  const index = spans.push(textSpan('', state)) - 1;
  const load = async (): Promise<void> => {
    const picture = await images.load(url, alt, room.pictureWidth, room.pictureHeight ?? tallestPicture);
    spans[index] = { kind: 'picture', picture, look: textLook(state), link: state.link };
  };
  pictures.push(load());
}

function addNoteMark({ spans, notes }: Walk, identifier: string, state: State): void {
  const reference = notes.refer(identifier);
  if (reference === undefined) return;
  const { number, anchor, mark } = reference.note;
  const raised = look({
    font: 'regular',
    size: state.size * 0.68,
    color: colors.link,
    rise: state.size * 0.34,
    strike: false,
    ground: null,
  });
  const last = spans.at(-1);
  if (last?.look === raised) spans.push({ kind: 'text', text: ', ', look: raised });
  spans.push({
    kind: 'text',
    text: String(number),
    look: raised,
    link: { anchor },
    anchor: reference.first ? mark : undefined,
  });
}

/** The name of a heading's destination; hexadecimal, so that names sort as PDF requires. */
export function anchorOfSlug(slug: string): string {
  let text = slug;
  try {
    text = decodeURIComponent(slug);
  } catch {
    // Not percent-encoded: the slug is literal.
  }
  return `h${Buffer.from(text.toLowerCase().slice(0, 200)).toString('hex')}`;
}

/** The text of inline content without markup, for contents, outline and names. */
export function plainText(nodes: readonly PhrasingContent[]): string {
  let text = '';
  for (const node of nodes) {
    if ('value' in node) text += node.value;
    else if ('alt' in node) text += node.alt ?? '';
    else if ('children' in node) text += plainText(node.children);
    else if (node.type === 'break') text += ' ';
  }
  return foldSpaces(text).trim();
}
