import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** Something wrong in a file that was to be imported; `line` counts from 1. */
export type Complaint = { file: string; line: number; message: string };

export type MarkdownFile<Fields> = {
  file: string;
  fields: Fields;
  body: string;
  /** Line of the body's first line. */
  bodyLine: number;
  /** Line of a front matter field, for complaints about it. */
  lineOf(path: readonly PropertyKey[]): number;
};

const fence = /^---[ \t]*\r?\n([\s\S]*?)\r?\n?---[ \t]*(?:\r?\n|$)/;

/** Splits a Markdown file with YAML front matter and checks its fields; complains of everything that is wrong. */
export function parseMarkdownFile<Schema extends z.ZodObject>(
  file: string,
  source: string,
  schema: Schema,
  complain: (complaint: Complaint) => void,
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
  const fields = schema.safeParse(yaml.toJS());
  for (const issue of fields.error?.issues ?? []) {
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
    const name = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
    complain({ file, line: lineOf(path), message: name + issue.message });
  }
  if (!fields.success) return null;
  const head = found[0];
  return {
    file,
    fields: fields.data,
    body: source.slice(head.length),
    bodyLine: head.split('\n').length,
    lineOf,
  };
}

/** The line of the innermost thing on the path that is there, within the YAML. */
function lineInYaml(yaml: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = yaml.getIn(path.slice(0, depth), true);
    const start = typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
    if (start) return lines.linePos((node.range as number[])[0]!).line;
  }
  return 1;
}
