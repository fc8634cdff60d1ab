import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Complain } from './complaint.ts';
import { inPlainWords } from './plain-words.ts';

/** A file by its name, and the line of each of its fields, for complaints about them. */
export type SourceFile = { file: string; lineOf(path: readonly PropertyKey[]): number };

export type MarkdownFile<Fields> = SourceFile & {
  fields: Fields;
  body: string;
  /** Line of the body's first line. */
  bodyLine: number;
};

const fence = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n?---[ \t]*(?:\r?\n|$)/;

/** Splits a Markdown file with YAML front matter and checks its fields; complains of everything that is wrong. */
export function parseMarkdownFile<Schema extends z.ZodType>(
  file: string,
  source: string,
  schema: Schema,
  complain: Complain,
): MarkdownFile<z.output<Schema>> | null {
  const found = fence.exec(source);
  if (!found) {
    complain({ file, line: 1, message: 'Expected front matter: fields in YAML between two lines of "---".' });
    return null;
  }
  const lines = new LineCounter();
  const yaml = parseDocument(found[1]!, { lineCounter: lines });
  const lineOf = (path: readonly PropertyKey[]) => 1 + lineInYaml(yaml, lines, path);
  for (const error of yaml.errors) {
    const line = 1 + (error.linePos?.[0].line ?? 1);
    complain({ file, line, message: error.message.replace(/ at line \d[\s\S]*/, '') });
  }
  if (yaml.errors.length > 0) return null;
  const head = found[0];
  const body = source.slice(head.length);
  const fields = checkFields({ file, lineOf }, yaml.toJS() ?? {}, schema, complain);
  return fields && { file, lineOf, fields: fields.data, body, bodyLine: head.split('\n').length };
}

/** Complains of every field that is not as the schema wants it, where it stands. */
export function checkFields<Schema extends z.ZodType>(
  { file, lineOf }: SourceFile,
  fields: unknown,
  schema: Schema,
  complain: Complain,
): { data: z.output<Schema> } | null {
  const checked = schema.safeParse(fields, { error: inPlainWords });
  const seen = new Set<string>();
  for (const issue of checked.error?.issues ?? []) {
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) {
      // What is wrong with a field first is the reason for all else that is.
      if (seen.has(path.join('.'))) continue;
      seen.add(path.join('.'));
      complain({ file, line: lineOf(path), message: `${nameOf(path)}${issue.message}` });
    }
  }
  return checked.success ? { data: checked.data } : null;
}

const nameOf = (path: readonly PropertyKey[]) => (path.length > 0 ? `${path.join('.')}: ` : '');

/** The line of the innermost thing on the path that is there, within the YAML. */
function lineInYaml(yaml: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = yaml.getIn(path.slice(0, depth), true);
    const start = typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
    if (start) return lines.linePos((node.range as number[])[0]!).line;
  }
  return 1;
}
