import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { ReportProblem } from './import-problem.ts';
import { inPlainWords } from './plain-words.ts';

/** The name of a file, and the line of each of its fields, for problems with them. */
export type SourceFile = { file: string; lineOf(path: readonly PropertyKey[]): number };

export type MarkdownFile<Fields> = SourceFile & {
  fields: Fields;
  body: string;
  /** Line of the body's first line. */
  bodyLine: number;
};

const fence = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n?---[ \t]*(?:\r?\n|$)/;

/** Splits a Markdown file with YAML front matter and checks its fields. Reports all problems; null if there are any. */
export function parseMarkdownFile<Schema extends z.ZodType>(
  file: string,
  source: string,
  schema: Schema,
  reportProblem: ReportProblem,
): MarkdownFile<z.output<Schema>> | null {
  const found = fence.exec(source);
  if (!found) {
    reportProblem({
      file,
      line: 1,
      message: 'Expected front matter: fields in YAML between two lines of "---".',
    });
    return null;
  }
  const lines = new LineCounter();
  const yaml = parseDocument(found[1]!, { lineCounter: lines });
  const lineOf = (path: readonly PropertyKey[]) => 1 + lineInYaml(yaml, lines, path);
  for (const error of yaml.errors) {
    const line = 1 + (error.linePos?.[0].line ?? 1);
    reportProblem({
      file,
      line,
      message: `Invalid YAML: ${error.message.replace(/ at line \d[\s\S]*/, '')}`,
    });
  }
  if (yaml.errors.length > 0) return null;
  const head = found[0];
  const body = source.slice(head.length);
  const fields = checkFields({ file, lineOf }, yaml.toJS() ?? {}, schema, reportProblem);
  return fields && { file, lineOf, fields: fields.data, body, bodyLine: head.split('\n').length };
}

/** Reports each field that does not conform to the schema, with its line; null if there are any. */
export function checkFields<Schema extends z.ZodType>(
  { file, lineOf }: SourceFile,
  fields: unknown,
  schema: Schema,
  reportProblem: ReportProblem,
): { data: z.output<Schema> } | null {
  const checked = schema.safeParse(fields, { error: inPlainWords });
  const seen = new Set<string>();
  for (const issue of checked.error?.issues ?? []) {
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) {
      // The first problem of a field causes the others.
      if (seen.has(path.join('.'))) continue;
      seen.add(path.join('.'));
      reportProblem({ file, line: lineOf(path), message: `${nameOf(path)}${issue.message}` });
    }
  }
  return checked.success ? { data: checked.data } : null;
}

const nameOf = (path: readonly PropertyKey[]) => (path.length > 0 ? `${path.join('.')}: ` : '');

/** The line, within the YAML, of the innermost existing node on the path. */
function lineInYaml(yaml: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = yaml.getIn(path.slice(0, depth), true);
    const start = typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
    if (start) return lines.linePos((node.range as number[])[0]!).line;
  }
  return 1;
}
