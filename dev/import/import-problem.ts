/** A problem in a file to import; `line` counts from 1. */
export type ImportProblem = { file: string; line: number; message: string };

export type ReportProblem = (problem: ImportProblem) => void;

/** All problems, one per line: file, line, and what would be right. */
export class ImportError extends Error {
  constructor(problems: readonly ImportProblem[]) {
    super(problems.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.name = 'ImportError';
  }
}
