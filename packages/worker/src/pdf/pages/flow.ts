import type { Book } from '../file/book.ts';
import { baselineIn, colors, paper, types } from '../theme.ts';
import { Ink } from './ink.ts';

/** A heading that waits for the block after it, so that both stand on one page. */
type Kept = { readonly gap: number; readonly height: number; readonly draw: (y: number) => void };

type Bar = { readonly x: number; top: number | undefined };

export type FlowHooks = {
  /** Draws a new page's running head. */
  readonly pageStarted: (ink: Ink) => void;
  readonly pageFinished: () => void;
};

const barWidth = 2.4;
/** Points of kept blocks in a row, beyond which they are set without waiting for more. */
const mostKept = 300;

/**
 * The column of text that runs on from page to page: where the next block goes, and what surrounds it.
 * Every block asks `ensure` for the room of its first part before it draws.
 */
export class Flow {
  left = paper.left;
  right = paper.right;
  y = paper.top;
  readonly #book: Book;
  readonly #hooks: FlowHooks;
  #ink: Ink | undefined;
  #gap = 0;
  #atTop = true;
  #kept: Kept[] = [];
  readonly #markers: ((baseline: number) => void)[] = [];
  readonly #bars: Bar[] = [];

  constructor(book: Book, hooks: FlowHooks) {
    this.#book = book;
    this.#hooks = hooks;
  }

  get width(): number {
    return this.right - this.left;
  }

  /** Points left on this page. */
  get room(): number {
    return this.#ink === undefined ? 0 : paper.bottom - this.y;
  }

  /** The current page. Throws when no block has asked for room yet. */
  get ink(): Ink {
    if (this.#ink === undefined) throw new Error('nothing can be drawn before room was asked for');
    return this.#ink;
  }

  /** Leaves a gap before the next block; of gaps that meet, the widest counts, and none at a page's top. */
  gap(height: number): void {
    this.#gap = Math.max(this.#gap, height);
  }

  /** Leaves just this gap, where a block goes on with the one before. */
  replaceGap(height: number): void {
    this.#gap = height;
  }

  /** Keeps a block of a height with the one that follows. */
  async keep(height: number, draw: (y: number) => void): Promise<void> {
    const markers = this.#markers.splice(0);
    const marked = (y: number): void => {
      for (const marker of markers) marker(y + baselineIn(types.body));
      draw(y);
    };
    this.#kept.push({ gap: this.#gap, height, draw: marked });
    this.#gap = 0;
    if (this.#kept.reduce((sum, block) => sum + block.height, 0) > mostKept) await this.ensure(0);
  }

  /** Marks the first line of the next block, as a list item is. */
  mark(draw: (baseline: number) => void): void {
    this.#markers.push(draw);
  }

  /** Whether a mark waits for a block that has not come. */
  get marksNext(): boolean {
    return this.#markers.length > 0;
  }

  /** Sees to it that a height fits below `y`, if need be on a new page, with all that was kept for it. */
  async ensure(height: number): Promise<void> {
    const gaps = this.#kept.reduce((sum, { gap }) => sum + gap, this.#gap);
    const needed = this.#kept.reduce((sum, block) => sum + block.height, gaps + height);
    if (this.#ink === undefined || (!this.#atTop && needed > this.room + 0.01)) await this.turnPage();
    const kept = this.#kept;
    const lastGap = this.#gap;
    this.#kept = [];
    for (const block of kept) {
      this.#skip(block.gap);
      if (block.height > this.room && !this.#atTop) await this.turnPage();
      this.#openBars();
      block.draw(this.y);
      this.y += block.height;
      this.#atTop = false;
    }
    this.#gap = 0;
    this.#skip(lastGap);
    if (height > this.room + 0.01 && !this.#atTop) await this.turnPage();
    this.#openBars();
    for (const marker of this.#markers.splice(0)) marker(this.y + baselineIn(types.body));
  }

  /** Moves on below what was drawn. */
  advance(height: number): void {
    this.y += height;
    this.#atTop = false;
  }

  async turnPage(): Promise<void> {
    this.#finishPage();
    const page = await this.#book.addPage();
    this.#ink = new Ink(this.#book, page);
    this.#hooks.pageStarted(this.#ink);
    this.y = paper.top;
    this.#atTop = true;
  }

  /** Draws what is still kept and completes the last page. */
  async end(): Promise<void> {
    if (this.#kept.length + this.#markers.length > 0) await this.ensure(0);
    this.#finishPage();
    this.#ink = undefined;
  }

  /** Runs something in a column that is narrower on the left. */
  async indented(indent: number, run: () => Promise<void>): Promise<void> {
    this.left += indent;
    try {
      await run();
    } finally {
      this.left -= indent;
    }
  }

  /** Draws a bar along all that is set meanwhile, on each page that it spans. */
  async barred(run: () => Promise<void>): Promise<void> {
    const bar: Bar = { x: this.left, top: undefined };
    this.#bars.push(bar);
    await run();
    this.#drawBar(bar);
    this.#bars.pop();
  }

  #skip(gap: number): void {
    if (!this.#atTop) this.y += gap;
  }

  #openBars(): void {
    for (const bar of this.#bars) bar.top ??= this.y;
  }

  #drawBar(bar: Bar): void {
    const { top } = bar;
    if (top === undefined || this.#ink === undefined) return;
    const ink = this.#ink;
    ink.artifact(() => ink.rectangle(bar.x, top, barWidth, this.y - top, colors.hairline));
    bar.top = undefined;
  }

  #finishPage(): void {
    if (this.#ink === undefined) return;
    for (const bar of this.#bars) this.#drawBar(bar);
    this.#ink.finish();
    this.#hooks.pageFinished();
  }
}
