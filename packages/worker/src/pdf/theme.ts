/** An RGB colour as the three operands of PDF's fill operator, each 0..1. */
export type Color = readonly [red: number, green: number, blue: number];

const rgb = (hex: number): Color => [(hex >> 16) / 255, ((hex >> 8) & 255) / 255, (hex & 255) / 255];

export const colors = {
  ink: rgb(0x1b2430),
  muted: rgb(0x566172),
  faint: rgb(0x8c96a5),
  hairline: rgb(0xd9dfe6),
  tint: rgb(0xf3f5f8),
  accent: rgb(0x17507f),
  link: rgb(0x1b5e9e),
  codeInk: rgb(0x2b3442),
};

/** Text and background colours of each standing of a claim, with a contrast of WCAG 2.2 AA. */
export const standingColors = {
  backed: { ink: rgb(0x1a6238), ground: rgb(0xe2f3e8) },
  stale: { ink: rgb(0x7d4e00), ground: rgb(0xfcefd2) },
  broken: { ink: rgb(0x9c2420), ground: rgb(0xfbe5e3) },
  unbacked: { ink: rgb(0x4c5766), ground: rgb(0xeceff3) },
};

/** A4 in points, origin at the top left; the text column is 80 characters of code wide. */
export const paper = {
  width: 595.28,
  height: 841.89,
  left: 86,
  right: 509.28,
  top: 94,
  bottom: 762,
  headerBaseline: 58,
  footerBaseline: 798,
};

/** Size of type and distance between baselines, in points. */
export type Type = { readonly size: number; readonly leading: number };

export const types = {
  body: { size: 10.6, leading: 16 },
  table: { size: 9.2, leading: 13 },
  code: { size: 8.4, leading: 12.2 },
  caption: { size: 9, leading: 12.6 },
  note: { size: 9.2, leading: 13.4 },
  running: { size: 8.2, leading: 11 },
} satisfies Record<string, Type>;

/** Monospaced letters look larger than their size: they are set at this fraction of the surrounding text's size. */
export const monoScale = 0.88;

export type HeadingStyle = Type & {
  readonly before: number;
  readonly after: number;
  readonly italic: boolean;
  readonly color: Color;
};

const headings: readonly HeadingStyle[] = [
  { size: 21, leading: 26, before: 32, after: 9, italic: false, color: colors.accent },
  { size: 16, leading: 21, before: 27, after: 7, italic: false, color: colors.accent },
  { size: 12.8, leading: 17.5, before: 20, after: 5, italic: false, color: colors.ink },
  { size: 11.2, leading: 16, before: 16, after: 4, italic: false, color: colors.ink },
  { size: 10.6, leading: 16, before: 14, after: 3, italic: false, color: colors.muted },
  { size: 10.6, leading: 16, before: 14, after: 3, italic: true, color: colors.muted },
];

/** The style of a heading of a depth, 1 to 6. */
export function headingStyle(depth: number): HeadingStyle {
  const style = headings[depth - 1];
  if (style === undefined) throw new RangeError(`a heading has a depth of 1 to 6, not ${depth}`);
  return style;
}

/** The first baseline of a line box, so that capitals are centred vertically. */
export function baselineIn(type: Type): number {
  return type.leading / 2 + type.size * 0.33;
}
