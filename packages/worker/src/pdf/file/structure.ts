import type { Reference } from 'pdfkit';

/** Literal text in a PDF object: pdfkit writes objects of unknown types by their toString. */
class Raw {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get [Symbol.toStringTag](): string {
    return 'Raw';
  }

  toString(): string {
    return this.#text;
  }
}

/** The marked content of a page: the ids of the elements of its pieces, in order. */
export type PageMarks = { readonly page: Reference; readonly owners: number[] };

export type TagOptions = {
  readonly alt?: string;
  readonly scope?: 'Column' | 'Row';
  readonly language?: string;
};

/**
 * An element of the document's logical structure (ISO 32000-1, 14.7), written when it ends. Long tables have
 * a hundred thousand elements: only the number of each stays in memory.
 */
export class Tag {
  readonly type: string;
  readonly #reference: Reference;
  readonly #kids: string[] = [];
  readonly #options: TagOptions;
  readonly #parent: Reference;
  #page: Reference | undefined;

  constructor(type: string, reference: Reference, parent: Reference, options: TagOptions) {
    this.type = type;
    this.#reference = reference;
    this.#parent = parent;
    this.#options = options;
  }

  /** Opens a child element. */
  open(type: string, reference: Reference, options: TagOptions): Tag {
    this.#kids.push(reference.toString());
    return new Tag(type, reference, this.#reference, options);
  }

  /** Claims the next piece of a page's content; returns the operator that begins it. */
  mark({ page, owners }: PageMarks): string {
    const id = owners.push(this.#reference.id) - 1;
    this.#page ??= page;
    this.#kids.push(this.#page === page ? `${id}` : `<</Type /MCR /Pg ${page.toString()} /MCID ${id}>>`);
    return `/${this.type} <</MCID ${id}>> BDC`;
  }

  end(): void {
    const { alt, scope, language } = this.#options;
    this.#reference.data = {
      S: this.type,
      P: this.#parent,
      Pg: this.#page,
      Alt: alt === undefined || alt === '' ? undefined : new String(alt),
      Lang: language === undefined ? undefined : new String(language),
      A: scope === undefined ? undefined : { O: 'Table', Scope: scope },
      K: new Raw(`[${this.#kids.join(' ')}]`),
    };
    this.#reference.end();
  }
}

/** The root of the structure, and the elements that own the content of each page. */
export class Structure {
  readonly #root: Reference;
  readonly #document: Reference;
  readonly #pages: string[] = [];
  /** The parent of all other elements. */
  readonly tag: Tag;

  constructor(root: Reference, document: Reference) {
    this.#root = root;
    this.#document = document;
    this.tag = new Tag('Document', document, root, {});
  }

  /** Adds the marks of a finished page; pages are added in the order of their `StructParents` numbers. */
  addPage({ owners }: PageMarks): void {
    this.#pages.push(`[${owners.map((id) => `${id} 0 R`).join(' ')}]`);
  }

  /** Completes the structure; pdfkit itself ends the root. */
  end(): void {
    this.tag.end();
    const entries = this.#pages.map((owners, index) => `${index} ${owners}`);
    this.#root.data = {
      Type: 'StructTreeRoot',
      K: [this.#document],
      ParentTree: new Raw(`<</Nums [${entries.join('\n')}]>>`),
      ParentTreeNextKey: this.#pages.length,
    };
  }
}
