import type { Nodes, RootContent } from 'mdast';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { describe, expect, test } from 'vitest';

import { Pace } from '../pace.ts';
import { Markdown } from './markdown.ts';

const pace = new Pace(new AbortController().signal);

async function blocksOf(source: string): Promise<RootContent[]> {
  const markdown = await Markdown.open(source, pace);
  const nodes: RootContent[] = [];
  for await (const { node } of markdown.blocks(pace)) nodes.push(node);
  return nodes;
}

/** A tree without positions, which differ between portions. */
function bare(node: Nodes): unknown {
  const { position: _, ...rest } = node;
  return 'children' in rest ? { ...rest, children: rest.children.map(bare) } : rest;
}

function parsedAtOnce(source: string): unknown[] {
  return unified().use(remarkParse).use(remarkGfm).parse(source).children.map(bare);
}

const filler = `${'Words of a paragraph with *emphasis*, `code` and [a link][far]. '.repeat(6)}\n\n`;

describe('Markdown', { timeout: 30_000 }, () => {
  test.each([
    ['paragraphs and headings', `# Title\n\n${filler.repeat(30)}`],
    [
      'fences with blank lines',
      `${filler.repeat(19)}\`\`\`ts meta\ncode\n\n# none\n\n~~~\n\n${'x\n\n'.repeat(2_000)}\`\`\`\n\nafter\n`,
    ],
    ['an indented fence', `${filler.repeat(19)}  ~~~\n    two\n\n${' three\n\n'.repeat(800)}  ~~~\nafter\n`],
    ['a fence that is never closed', `${filler.repeat(10)}\`\`\`\n${'x\n\n'.repeat(2_000)}`],
    ['a fence that ends with another’s mark', `${filler.repeat(9)}\`\`\`\`\n${'x\n\n'.repeat(2_000)}\`\`\``],
    ['a comment with blank lines', `${filler.repeat(19)}<!-- a\n\n${'# b\n\n'.repeat(1_200)}-->\n\nafter\n`],
    [
      'a script with blank lines',
      `${filler.repeat(19)}<script>\n\n${'let b;\n\n'.repeat(1_000)}</script>\n\nafter\n`,
    ],
    [
      'lists with fences in them',
      `- a\n\n  \`\`\`\n  x\n\n  y\n  \`\`\`\n\n  b\n\n1. c\n\n${filler.repeat(20)}- \`\`\`\n  z\n\n${filler.repeat(20)}`,
    ],
    ['quotations', `> a\n\n> b\n> \`\`\`\n> c\n\n${filler.repeat(30)}> d\nlazy\n\n${filler.repeat(10)}`],
    [
      'definitions and footnotes afar',
      `${filler.repeat(30)}note[^n] and [x][Far  Away].\n\n[far]: /far "t"\n[far away]: /away\n[^n]: Text\n\n    more\n`,
    ],
    [
      'tables and rules',
      `${filler.repeat(20)}| a |\n|---|\n| b |\n\n***\n\n${filler.repeat(20)}a | b\n-|-\nc | d\n`,
    ],
    ['windows line ends', `a\r\nb\r\n\r\n${filler.repeat(30).replaceAll('\n', '\r\n')}`],
  ])('reads %s in portions with the same result as in one step', async (_, source) => {
    expect((await blocksOf(source)).map(bare)).toEqual(parsedAtOnce(source.replaceAll('\r\n', '\n')));
  });

  test('cuts a long table, list and quotation without losing a part', async () => {
    const rows = Array.from({ length: 500 }, (_, index) => `| row${index} | some text in a cell |\n`).join(
      '',
    );
    const items = Array.from({ length: 500 }, (_, index) => `- item${index} with text\n\n  and more\n`).join(
      '',
    );
    const quoted = Array.from({ length: 600 }, (_, index) => `> quoted${index} words in a line\n>\n`).join(
      '',
    );
    const source = `${filler}| a | b |\n|---|:-:|\n${rows}# Right after\n\n${items}\nbetween\n\n${quoted}`;
    const text = JSON.stringify((await blocksOf(source)).map(bare));
    const expected = JSON.stringify(parsedAtOnce(source));
    const marks = /"(?:row|item|quoted)\d+|Right after|between/g;
    expect(text.match(marks)).toEqual(expected.match(marks));
  });

  test.each([
    ['closing brackets and emphasis', '*]'],
    ['closing brackets after underscores', '_]'],
    ['strikethrough', 'a~]'],
    ['nested emphasis', '*a **b '],
    ['links in brackets', '[[a](b)'],
    ['images in images', '![a'],
  ])('parses no more than 1,000 marks of %s in one step, and loses none', async (_, marks) => {
    const source = marks.repeat(2_000);
    const nodes = await blocksOf(source);
    const steps = nodes.map(({ position }) => source.slice(position!.start.offset, position!.end.offset));
    expect(Math.max(...steps.map((step) => step.match(/[*_~[\]]/g)?.length ?? 0))).toBeLessThanOrEqual(1_000);
    const length = nodes.reduce(
      (sum, { position }) => sum + position!.end.offset! - position!.start.offset!,
      0,
    );
    expect(source.length - length).toBeLessThan(2 * nodes.length);
  });

  test('cuts long indented code between two lines, and all of it stays code', async () => {
    const line = '    rows[at][to] = *cells[at]++;\n';
    const nodes = await blocksOf(line.repeat(1_000));
    expect(new Set(nodes.map(({ type }) => type))).toEqual(new Set(['code']));
    const code = nodes.map((node) => 'value' in node && node.value).join('\n');
    expect(code).toBe(line.trim().concat('\n').repeat(1_000).trimEnd());
  });

  test('marks the blocks that continue the one before', async () => {
    const rows = '| some text in a cell | more |\n'.repeat(900);
    const markdown = await Markdown.open(`| a | b |\n|---|---|\n${rows}\n- one\n\n- two\n`, pace);
    const kinds: string[] = [];
    for await (const { node, continues } of markdown.blocks(pace)) kinds.push(`${node.type} ${continues}`);
    const [first, ...rest] = kinds;
    expect([first, ...new Set(rest)]).toEqual(['table false', 'table true', 'list false']);
  });
});
