import { allOperations, operations } from '@portfolio/core';
import { nameScopes } from './openapi-operation.ts';
import { scopesOf } from '@portfolio/core/tenancy';
import type { Document } from './openapi-document.ts';

const head = `# Every operation

<!-- Written by \`npm run openapi\` from the operations; do not edit. -->

Each operation is a tRPC procedure of its name and a REST route below \`/api/v1\`. It needs all of its scopes: the first for
what it does, the others for what it shows. A role and the credential must both have them, or a key of the portfolio; those of
operators are in no role. Those marked
_public_ also answer anonymous readers, and whoever lacks a scope, with what is published. The
[OpenAPI document](../packages/api/openapi.json) has all inputs, outputs and errors, and [the API guide](api.md) the
conventions.
`;

/** The reference of all operations as Markdown, a table for each noun. */
export function describeOperations(document: Document): string {
  const routes = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [
        operationId.replace('_', '.'),
        `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
      ]),
    ),
  );
  const sections = Object.keys(operations).map((noun) => {
    const rows = allOperations
      .filter(({ name }) => name.startsWith(`${noun}.`))
      .toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
      .map((operation) => [
        `\`${operation.name}\`: ${operation.summary}`,
        `\`${routes.get(operation.name)}\``,
        `${nameScopes(scopesOf(operation)) || '_any credential_'}${operation.public ? ', _public_' : ''}`,
      ]);
    return `\n## ${noun}\n\n${table([['Operation', 'REST', 'Scopes'], ...rows])}`;
  });
  return head + sections.join('');
}

/** A table as the formatter writes it: columns as wide as their widest cell. */
export function table([header = [], ...rows]: string[][]): string {
  const widths = header.map((_, at) => Math.max(...[header, ...rows].map((row) => row[at]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |\n`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`;
  return line(header) + rule + rows.map(line).join('');
}
