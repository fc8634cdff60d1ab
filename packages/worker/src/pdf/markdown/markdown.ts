import type { Code, Definition, FootnoteDefinition, Html, Nodes, RootContent } from 'mdast';
import type { Effects, State, TokenizeContext } from 'micromark-util-types';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';

import type { Pace } from '../pace.ts';
import {
  closingFence,
  cutLongBlock,
  endOfOpenBlock,
  isTooLong,
  lineEnd,
  normalizeSource,
  portionEnd,
  rowsEnd,
  tableHead,
} from './source.ts';

export type Definitions = ReadonlyMap<string, Definition>;

/** A top-level block. */
export type Block = {
  readonly node: RootContent;
  /** The fractions of the source before the block and at its end, 0..1. */
  readonly from: number;
  readonly to: number;
  /** The block continues the list or table before it, which was too long to be parsed in one step. */
  readonly continues: boolean;
};

/** Consecutive blocks, the text that they were parsed from, and its position in the source. */
type Portion = {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly nodes: RootContent[];
  readonly continues: boolean;
};

/**
 * Markdown parsed in portions: parsing 1 MB in one step blocks the event loop for many seconds and takes hundreds of
 * megabytes. A document with definitions of links or footnotes is parsed completely before its first block is returned,
 * since definitions apply everywhere.
 */
export class Markdown {
  readonly definitions = new Map<string, Definition>();
  readonly footnotes = new Map<string, FootnoteDefinition>();
  readonly #source: string;
  #portions: Iterable<Portion>;

  private constructor(source: string) {
    this.#source = source;
    this.#portions = portionsOf(source);
  }

  /** Reads the definitions of a source. Rejects with the reason of the pace's signal when that is aborted. */
  static async open(markdown: string, pace: Pace): Promise<Markdown> {
    const opened = new Markdown(normalizeSource(markdown));
    if (opened.#source.includes(']:')) await opened.#readDefinitions(pace);
    return opened;
  }

  async *blocks(pace: Pace): AsyncGenerator<Block> {
    const { length } = this.#source;
    for (const { nodes, start, end, continues } of this.#portions) {
      let from = start / length;
      for (const [index, node] of nodes.entries()) {
        const nodeEnd = start + (node.position?.end.offset ?? 0);
        const to = (index === nodes.length - 1 ? end : Math.min(nodeEnd, end)) / length;
        yield { node, from, to, continues: continues && index === 0 };
        from = to;
      }
      if (pace.due) await pace.rest();
    }
  }

  async #readDefinitions(pace: Pace): Promise<void> {
    const portions: Portion[] = [];
    for (const portion of portionsOf(this.#source)) {
      portions.push(portion);
      this.#collect(portion.nodes);
      if (pace.due) await pace.rest();
    }
    const labels = labelsOf(this.definitions);
    const noteLabels = labelsOf(this.footnotes);
    const known = new Set([...labels, ...noteLabels]);
    this.footnotes.clear();
    this.definitions.clear();
    for (const [index, portion] of portions.entries()) {
      if (mentionsAny(portion.text, known) && portions.length > 1) {
        portions[index] = { ...portion, nodes: parse(portion.text, labels, noteLabels) };
      }
      this.#collect(portions[index]?.nodes ?? []);
      if (pace.due) await pace.rest();
    }
    this.#portions = portions;
  }

  #collect(nodes: readonly Nodes[]): void {
    const waiting: Nodes[] = nodes.toReversed();
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (node.type === 'definition') addFirst(this.definitions, node.identifier, node);
      if (node.type === 'footnoteDefinition') addFirst(this.footnotes, node.identifier, node);
      if ('children' in node) waiting.push(...node.children.toReversed());
    }
  }
}

/** The first definition of a label applies. */
function addFirst<T>(definitions: Map<string, T>, label: string, definition: T): void {
  if (!definitions.has(label)) definitions.set(label, definition);
}

/** The labels that are defined, in upper case. The parser searches them at each bracket. */
function labelsOf(definitions: ReadonlyMap<string, unknown>): string[] {
  const labels = [...definitions.keys()].map((label) => label.toUpperCase());
  const known = new Set(labels);
  return Object.assign(labels, { includes: (label: string) => known.has(label) });
}

const bracketCode = 91;
const reference = /\[\^?((?:\\.|[^[\]\\])+)\]/g;

function mentionsAny(text: string, labels: ReadonlySet<string>): boolean {
  for (const [, label = ''] of text.matchAll(reference)) {
    if (labels.has(label.replace(/\s+/g, ' ').trim().toLowerCase().toUpperCase())) return true;
  }
  return false;
}

/**
 * Parses Markdown. `labels` and `noteLabels` (in the upper case that the parser compares) are the links and
 * footnotes defined elsewhere: references to them are recognised as if they were defined here.
 */
function parse(text: string, labels: string[] = [], noteLabels: string[] = []): RootContent[] {
  const processor = unified().use(remarkParse).use(remarkGfm);
  processor.freeze();
  if (labels.length + noteLabels.length > 0) {
    const bracket = {
      // Called at each "[" of inline content, when the definitions of this text have been read.
      tokenize(this: TokenizeContext, _effects: Effects, _ok: State, nok: State): State {
        this.parser.defined = labels;
        this.parser.gfmFootnotes = noteLabels;
        return nok;
      },
    };
    processor.data().micromarkExtensions?.push({ text: { [bracketCode]: bracket } });
  }
  return processor.parse(text).children;
}

function* portionsOf(source: string): Generator<Portion> {
  let afterList = false;
  for (let start = 0; start < source.length;) {
    let end = portionEnd(source, start);
    if (isTooLong(source, start, end)) {
      const afterTable = yield* tablePortions(source, start);
      if (afterTable !== undefined) {
        start = afterTable;
        continue;
      }
      end = cutLongBlock(source, start, end);
    }
    const whole = source.slice(start, end);
    // Blank lines at the end of the text would count as content of a fence that is ended by its list.
    const text = end < source.length ? whole.replace(/\n+$/, '\n') : whole;
    const nodes = parse(text);
    const last = nodes.at(-1);
    const continues = afterList && nodes[0]?.type === 'list';
    afterList = last?.type === 'list';
    const openFrom = source.lastIndexOf('\n', start + (last?.position?.start.offset ?? 0) - 1) + 1;
    const openTo =
      last?.type === 'code' || last?.type === 'html' ? endOfOpenBlock(source, openFrom) : undefined;
    if (openTo !== undefined && openTo > end) {
      yield {
        text: source.slice(start, openFrom),
        start,
        end: openFrom,
        nodes: nodes.slice(0, -1),
        continues,
      };
      yield {
        text: '',
        start: openFrom,
        end: openTo,
        nodes: [wholeBlock(source.slice(openFrom, openTo))],
        continues: false,
      };
      start = openTo;
    } else {
      yield { text, start, end, nodes, continues };
      start = end;
    }
  }
}

/** The node of a fence or raw HTML of any length, parsed line by line. */
function wholeBlock(text: string): Code | Html {
  const head = text.slice(0, lineEnd(text, 0));
  const [opening] = parse(head);
  if (opening?.type !== 'code') return { type: 'html', value: text.replace(/\n$/, '') };
  const indent = / */.exec(head)?.[0].length ?? 0;
  const lines = text.replace(/\n$/, '').split('\n').slice(1);
  if (closingFence(head)?.test(lines.at(-1) ?? '') === true) lines.pop();
  const stripped = lines.map((line) => line.replace(new RegExp(`^ {0,${indent}}`), ''));
  return { ...opening, value: stripped.join('\n') };
}

/** Portions of a long table, each with its header; returns the end of the table, or undefined if there is none. */
function* tablePortions(source: string, start: number): Generator<Portion, number | undefined> {
  const head = tableHead(source, start);
  if (head === undefined) return undefined;
  let from = start + head.length;
  for (let continues = false; ; continues = true) {
    const to = rowsEnd(source, from);
    if (to === from && continues) return from;
    const text = head + source.slice(from, to);
    const [table, rest] = parse(text);
    if (table?.type !== 'table') return continues ? from : undefined;
    const length = rest === undefined ? text.length : (table.position?.end.offset ?? 0);
    const end = from - head.length + length;
    yield { text: text.slice(0, length), start: from - head.length, end, nodes: [table], continues };
    if (rest !== undefined) return end;
    from = to;
  }
}
