/** Something wrong in a file that was to be imported; `line` counts from 1. */
export type Complaint = { file: string; line: number; message: string };

export type Complain = (complaint: Complaint) => void;

/** Everything that was wrong, a line each: file, line, and what would be right. */
export class ImportError extends Error {
  constructor(complaints: readonly Complaint[]) {
    super(complaints.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.name = 'ImportError';
  }
}
