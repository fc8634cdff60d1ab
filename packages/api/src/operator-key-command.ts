import { operatorScopes } from '@portfolio/core/actor';
import type { Db } from '@portfolio/core/context';
import { createOperatorKey, listOperatorKeys, revokeOperatorKey } from '@portfolio/core/operator/keys';
import { parseArgs } from 'node:util';

const usage = `operator-key <name> [--write] [--days <1 to 365>]   makes a key: to read, or with --write also to act; 90 days
operator-key --list                                 lists the keys that have not ended
operator-key --revoke <id>                          ends a key at once`;

type Command =
  | { what: 'create'; name: string; write: boolean; days: number }
  | { what: 'list' }
  | { what: 'revoke'; id: string };

/** The command that arguments mean. Throws, with the usage, where they mean none or several. */
export function readCommand(args: string[]): Command {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      days: { type: 'string', default: '90' },
      list: { type: 'boolean', default: false },
      revoke: { type: 'string' },
    },
  });
  const { write, list, revoke: id } = values;
  const days = Number(values.days);
  const commands: Command[] = positionals.map((name) => ({ what: 'create', name, write, days }));
  if (list) commands.push({ what: 'list' });
  if (id !== undefined) commands.push({ what: 'revoke', id });
  const [command, second] = commands;
  if (!command || second || !(days >= 1 && days <= 365)) throw new TypeError(usage);
  return command;
}

/** Runs a command. Resolves to what it prints: the text for programs, and words about it. */
export async function runCommand(db: Db, command: Command): Promise<{ output?: string; about?: string }> {
  if (command.what === 'list') return { output: JSON.stringify(await listOperatorKeys(db), null, 2) };
  if (command.what === 'revoke') {
    await revokeOperatorKey(db, command.id);
    return { about: `${command.id} has ended.` };
  }
  const { name, write, days } = command;
  const expiresAt = new Date(Date.now() + days * 86_400_000);
  const scopes = operatorScopes.filter((scope) => write || scope === 'operator:read');
  const { id, secret } = await createOperatorKey(db, { name, scopes, expiresAt });
  const about = `${id} (${scopes.join(', ')}) ends ${expiresAt.toISOString()}. Its secret is shown only now:`;
  return { output: secret, about };
}
