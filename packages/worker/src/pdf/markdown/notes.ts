import type { FootnoteDefinition } from 'mdast';

const digits = (number: number): string => String(number).padStart(6, '0');

/** A footnote: the names of its destination and of its first reference's, if there is one. */
export type Note = {
  readonly number: number;
  readonly definition: FootnoteDefinition;
  readonly anchor: string;
  readonly mark: string;
};

/** Footnotes, numbered in the order of their references. */
export class Notes {
  readonly #definitions: ReadonlyMap<string, FootnoteDefinition>;
  readonly #scope: string;
  readonly #byIdentifier = new Map<string, Note>();
  readonly #inOrder: Note[] = [];

  /** `scope` is the prefix of the names of the notes' destinations. */
  constructor(definitions: ReadonlyMap<string, FootnoteDefinition>, scope: string) {
    this.#definitions = definitions;
    this.#scope = scope;
  }

  /** The note of a reference, and whether this is the first reference to it. */
  refer(identifier: string): { note: Note; first: boolean } | undefined {
    const known = this.#byIdentifier.get(identifier);
    if (known !== undefined) return { note: known, first: false };
    const definition = this.#definitions.get(identifier);
    if (definition === undefined) return undefined;
    const number = this.#inOrder.length + 1;
    const anchor = (kind: string): string => `${this.#scope}${kind}${digits(number)}`;
    const note = { number, definition, anchor: anchor('note'), mark: anchor('mark') };
    this.#byIdentifier.set(identifier, note);
    this.#inOrder.push(note);
    return { note, first: true };
  }

  /** All notes: first those with references, also from notes yielded meanwhile, then those without. */
  *all(): Generator<Note & { readonly referred: boolean }> {
    let index = 0;
    for (const identifier of ['', ...this.#definitions.keys()]) {
      const referred = this.#byIdentifier.size;
      this.refer(identifier);
      for (let note = this.#inOrder[index]; note !== undefined; note = this.#inOrder[++index]) {
        yield { ...note, referred: identifier === '' || index !== referred };
      }
    }
  }
}
