import type { Book } from '../file/book.ts';
import { baselineIn, colors, paper, types } from '../theme.ts';
import { Ink } from './ink.ts';

/** A heading that waits for the block after it, so that both are on the same page. */
type Kept = { readonly gap: number; readonly height: number; readonly draw: (y: number) => void };

type Bar = { readonly x: number; top: number | undefined };

export type FlowHooks = {
  /** Draws a new page's running head. */
  readonly pageStarted: (ink: Ink) => void;
  readonly pageFinished: () => void;
};

const barWidth = 2.4;
/** The maximum height in points of waiting blocks, beyond which they are set without waiting for more. */
const mostKept = 300;

/**
 * The text column across pages: the position of the next block, and its surroundings. Every block calls `ensure` with the
 * height of its first part before it draws.
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

  /** The points left on this page. */
  get room(): number {
    return this.#ink === undefined ? 0 : paper.bottom - this.y;
  }

  /** The current page. Throws if `ensure` was not called yet. */
  get ink(): Ink {
    if (this.#ink === undefined) throw new Error('ensure() has to be called before drawing');
    return this.#ink;
  }

  /** Adds a gap before the next block; the largest of adjacent gaps applies, and none at the top of a page. */
  gap(height: number): void {
    this.#gap = Math.max(this.#gap, height);
  }

  /** Adds exactly this gap, for a block that continues the one before. */
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

  /** Marks the first line of the next block, such as a list item. */
  mark(draw: (baseline: number) => void): void {
    this.#markers.push(draw);
  }

  /** Whether a mark is still waiting for a block. */
  get marksNext(): boolean {
    return this.#markers.length > 0;
  }

  /** Ensures that a height fits below `y`, on a new page if needed, together with the waiting blocks. */
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

  /** Moves below the drawn content. */
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

  /** Draws the waiting blocks and completes the last page. */
  async end(): Promise<void> {
    if (this.#kept.length + this.#markers.length > 0) await this.ensure(0);
    this.#finishPage();
    this.#ink = undefined;
  }

  /** Runs a function with a column that is narrower on the left. */
  async indented(indent: number, run: () => Promise<void>): Promise<void> {
    this.left += indent;
    try {
      await run();
    } finally {
      this.left -= indent;
    }
  }

  /** Draws a bar next to everything that is set meanwhile, on each page. */
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
