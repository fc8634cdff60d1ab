import type { FootnoteDefinition } from 'mdast';

const digits = (number: number): string => String(number).padStart(6, '0');

/** A footnote: the name of its place at the end, and that of the first reference to it, if there is one. */
export type Note = {
  readonly number: number;
  readonly definition: FootnoteDefinition;
  readonly place: string;
  readonly mark: string;
};

/** Footnotes, numbered in the order in which the text refers to them. */
export class Notes {
  readonly #definitions: ReadonlyMap<string, FootnoteDefinition>;
  readonly #scope: string;
  readonly #byIdentifier = new Map<string, Note>();
  readonly #inOrder: Note[] = [];

  /** The names of the notes' places begin with `scope`. */
  constructor(definitions: ReadonlyMap<string, FootnoteDefinition>, scope: string) {
    this.#definitions = definitions;
    this.#scope = scope;
  }

  /** The note that a reference means, and whether this is the first reference to it. */
  refer(identifier: string): { note: Note; first: boolean } | undefined {
    const known = this.#byIdentifier.get(identifier);
    if (known !== undefined) return { note: known, first: false };
    const definition = this.#definitions.get(identifier);
    if (definition === undefined) return undefined;
    const number = this.#inOrder.length + 1;
    const place = (kind: string): string => `${this.#scope}${kind}${digits(number)}`;
    const note = { number, definition, place: place('note'), mark: place('mark') };
    this.#byIdentifier.set(identifier, note);
    this.#inOrder.push(note);
    return { note, first: true };
  }

  /** All notes: those referred to, also by notes handed out meanwhile, then each that nothing refers to. */
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
