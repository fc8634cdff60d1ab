/**
 * Finds statements that would lock a large table while it is read, indexed or rewritten. Statements are parsed by
 * Postgres's own parser.
 */
import {
  type AlterTableCmd,
  type AlterTableStmt,
  type ColumnDef,
  type Constraint,
  type DropStmt,
  type IndexStmt,
  type Node,
  parse,
} from 'libpg-query';
import type { Migration } from './migrations.ts';

/** Tables that grow with use; statements on the others take milliseconds. */
export const largeTables = new Set([
  'audit_log',
  'case_study_revisions',
  'evidence_versions',
  'idempotency_keys',
  'job_events',
  'jobs',
  'metric_days',
  'metric_samples',
  'outbox',
  'webhook_deliveries',
  'webhook_events',
]);

export type Problem = { tag: string; problem: string };

/** The results of earlier statements that later ones depend on. */
type Known = {
  /** The table of each index. */
  indexes: Map<string, string>;
  /** The columns that unvalidated checks keep from being null: `table.column` by `table.constraint`. */
  checks: Map<string, string>;
  /** The columns that validated checks keep from being null, as `table.column`. */
  neverNull: Set<string>;
};

/** The problems of added migrations. `earlier` ones are needed for the indexes and checks that they created. */
export async function findLocks(earlier: Migration[], added: Migration[]): Promise<Problem[]> {
  const known: Known = { indexes: new Map(), checks: new Map(), neverNull: new Set() };
  for (const { sql } of earlier) {
    for (const statement of await statementsOf(sql)) record(statement, known);
  }
  const problems: Problem[] = [];
  for (const { tag, sql } of added) {
    const found = problemsOf(await statementsOf(sql), known);
    problems.push(...found.map((problem) => ({ tag, problem })));
  }
  return problems;
}

async function statementsOf(sql: string): Promise<Node[]> {
  const { stmts = [] } = await parse(sql);
  return stmts.flatMap(({ stmt }) => stmt ?? []);
}

function problemsOf(statements: Node[], known: Known): string[] {
  const before = new Set(known.checks.keys());
  const problems = statements.flatMap((statement) => {
    const found = problemsOfStatement(statement, known, before);
    record(statement, known);
    return found;
  });
  return [...problems, ...problemsOfConcurrent(statements)];
}

/** Records the results of a statement that later ones depend on. */
function record(node: Node, known: Known) {
  if ('IndexStmt' in node) known.indexes.set(node.IndexStmt.idxname!, node.IndexStmt.relation!.relname!);
  if (!('AlterTableStmt' in node)) return;
  const table = node.AlterTableStmt.relation!.relname!;
  for (const { subtype, name, def } of commandsOf(node.AlterTableStmt)) {
    const constraint = def && 'Constraint' in def ? def.Constraint : undefined;
    const column = constraint && columnThatIsNeverNull(constraint);
    if (subtype === 'AT_AddConstraint' && column !== undefined) {
      if (constraint!.skip_validation)
        known.checks.set(`${table}.${constraint!.conname}`, `${table}.${column}`);
      else known.neverNull.add(`${table}.${column}`);
    }
    const validated = subtype === 'AT_ValidateConstraint' && known.checks.get(`${table}.${name}`);
    if (validated) known.neverNull.add(validated);
  }
}

/** The column of a check `column is not null`. */
function columnThatIsNeverNull({ contype, raw_expr: test }: Constraint): string | undefined {
  if (contype !== 'CONSTR_CHECK' || !test || !('NullTest' in test)) return undefined;
  const { nulltesttype, arg } = test.NullTest;
  if (nulltesttype !== 'IS_NOT_NULL' || !arg || !('ColumnRef' in arg)) return undefined;
  const last = arg.ColumnRef.fields?.at(-1);
  return last && 'String' in last ? last.String.sval : undefined;
}

function commandsOf({ cmds = [] }: AlterTableStmt): AlterTableCmd[] {
  return cmds.flatMap((command) => ('AlterTableCmd' in command ? command.AlterTableCmd : []));
}

const isLarge = (table: string | undefined) => table !== undefined && largeTables.has(table);

function problemsOfStatement(node: Node, known: Known, checksBefore: Set<string>): string[] {
  if ('IndexStmt' in node) return problemsOfIndex(node.IndexStmt);
  if ('DropStmt' in node) return problemsOfDrop(node.DropStmt, known);
  if ('AlterTableStmt' in node) return problemsOfAlter(node.AlterTableStmt, known, checksBefore);
  if ('UpdateStmt' in node || 'DeleteStmt' in node) {
    const { relation, whereClause } = 'UpdateStmt' in node ? node.UpdateStmt : node.DeleteStmt;
    if (whereClause || !isLarge(relation?.relname)) return [];
    return [
      `changes all rows of ${relation!.relname} in one statement. Change them in batches, in a scheduled task.`,
    ];
  }
  const kind = Object.keys(node)[0]!;
  const locking: Record<string, string> = {
    ClusterStmt: 'CLUSTER',
    LockStmt: 'LOCK TABLE',
    ReindexStmt: 'REINDEX',
    TruncateStmt: 'TRUNCATE',
    VacuumStmt: 'VACUUM',
    // Its statements are text, which cannot be checked.
    DoStmt: 'DO',
  };
  const affected = [...largeTables].find((table) => new RegExp(`\\b${table}\\b`).test(JSON.stringify(node)));
  return kind in locking && affected ? [`${locking[kind]} may lock ${affected}. Use another way.`] : [];
}

function problemsOfIndex({ relation, concurrent, idxname }: IndexStmt): string[] {
  if (concurrent || !isLarge(relation?.relname)) return [];
  return [
    `CREATE INDEX "${idxname}" blocks writes to ${relation!.relname} while it is built. Write ` +
      `\`index(…).concurrently()\` in its .sql.ts, and DROP INDEX CONCURRENTLY IF EXISTS before it.`,
  ];
}

function problemsOfDrop({ removeType, concurrent, objects = [] }: DropStmt, known: Known): string[] {
  if (removeType !== 'OBJECT_INDEX' || concurrent) return [];
  const names = objects.map(lastName);
  return names
    .filter((name) => isLarge(known.indexes.get(name) ?? 'jobs'))
    .map(
      (name) =>
        `DROP INDEX "${name}" waits for all transactions on its table and blocks all others. Write CONCURRENTLY.`,
    );
}

function lastName(object: Node): string {
  const part = 'List' in object ? object.List.items?.at(-1) : object;
  return part && 'String' in part ? part.String.sval! : '';
}

function problemsOfAlter(statement: AlterTableStmt, known: Known, checksBefore: Set<string>): string[] {
  const table = statement.relation?.relname;
  if (statement.objtype !== 'OBJECT_TABLE' || !isLarge(table)) return [];
  return commandsOf(statement).flatMap(({ subtype, name, def }) => {
    const where = `ALTER TABLE ${table}: `;
    if (subtype === 'AT_AddColumn' && def && 'ColumnDef' in def)
      return problemsOfColumn(def.ColumnDef).map((problem) => where + problem);
    if (subtype === 'AT_AddConstraint' && def && 'Constraint' in def)
      return problemsOfConstraint(def.Constraint).map((problem) => where + problem);
    if (subtype === 'AT_SetNotNull' && !known.neverNull.has(`${table}.${name}`)) {
      return [
        `${where}SET NOT NULL reads all rows under a lock. First add CHECK (${name} is not null) NOT VALID, and validate ` +
          'it in a separate migration.',
      ];
    }
    if (
      subtype === 'AT_ValidateConstraint' &&
      !checksBefore.has(`${table}.${name}`) &&
      known.checks.has(`${table}.${name}`)
    )
      return [
        `${where}VALIDATE CONSTRAINT "${name}" under the lock of its ADD. Validate it in a separate migration.`,
      ];
    const rewrite = rewrites[subtype ?? ''];
    return rewrite
      ? [`${where}${rewrite} rewrites all rows under a lock. Add a column and fill it in batches.`]
      : [];
  });
}

const rewrites: Record<string, string> = {
  AT_AlterColumnType: 'a change of a type',
  AT_SetExpression: 'another expression',
  AT_AddIdentity: 'an identity',
  AT_SetLogged: 'SET LOGGED',
  AT_SetUnLogged: 'SET UNLOGGED',
  AT_SetAccessMethod: 'another access method',
  AT_SetTableSpace: 'another tablespace',
};

/** Adding a column is cheap only if all existing rows get the same value. */
function problemsOfColumn({ colname, typeName, constraints = [] }: ColumnDef): string[] {
  const type = typeName?.names?.map(lastName).at(-1) ?? '';
  const found = constraints.flatMap((node) => ('Constraint' in node ? node.Constraint : []));
  const isCostly = found.some(
    ({ contype, raw_expr: value }) =>
      !['CONSTR_NOTNULL', 'CONSTR_NULL', 'CONSTR_DEFAULT'].includes(contype!) ||
      (contype === 'CONSTR_DEFAULT' && !isSameForAll(value)),
  );
  if (!isCostly && !/serial/.test(type)) return [];
  return [
    `ADD COLUMN "${colname}" writes or reads all rows under a lock, for its default, identity, expression or constraint. ` +
      'Add it with a constant default or none, and set the rest in a later statement.',
  ];
}

/** Defaults that Postgres computes once for all rows: constants, and the time of the transaction. */
function isSameForAll(value: Node | undefined): boolean {
  if (!value) return true;
  if ('A_Const' in value) return true;
  if ('TypeCast' in value) return isSameForAll(value.TypeCast.arg);
  if ('A_ArrayExpr' in value) return (value.A_ArrayExpr.elements ?? []).every(isSameForAll);
  if ('SQLValueFunction' in value) return true;
  return (
    'FuncCall' in value &&
    ['now', 'transaction_timestamp'].includes(lastName(value.FuncCall.funcname!.at(-1)!))
  );
}

function problemsOfConstraint({
  contype,
  conname,
  skip_validation: isNotValid,
  indexname,
}: Constraint): string[] {
  if (contype === 'CONSTR_CHECK' || contype === 'CONSTR_FOREIGN' || contype === 'CONSTR_NOTNULL') {
    if (isNotValid) return [];
    return [
      `ADD CONSTRAINT "${conname}" reads all rows under a lock. Add it NOT VALID, and validate it in a separate migration.`,
    ];
  }
  if (indexname) return [];
  return [
    `ADD CONSTRAINT "${conname}" builds an index under a lock. CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX.`,
  ];
}

const isConcurrent = (node: Node) =>
  ('IndexStmt' in node && node.IndexStmt.concurrent) || ('DropStmt' in node && node.DropStmt.concurrent);

/** Statements outside of a transaction may be partly done when a retry begins: each must be repeatable. */
function problemsOfConcurrent(statements: Node[]): string[] {
  if (!statements.some(isConcurrent)) return [];
  const others = statements.some((node) => !isConcurrent(node))
    ? [
        'has CONCURRENTLY next to other statements, which would run without a transaction. Split it into two migrations.',
      ]
    : [];
  const dropped = statements.flatMap((node) =>
    'DropStmt' in node && node.DropStmt.missing_ok ? node.DropStmt.objects!.map(lastName) : [],
  );
  const created = statements.flatMap((node) => ('IndexStmt' in node ? node.IndexStmt : []));
  const unrepeatable = created
    .filter(({ idxname, if_not_exists: isLenient }) => isLenient || !dropped.includes(idxname!))
    .map(({ idxname }) => idxname);
  const undropped = statements.some((node) => 'DropStmt' in node && !node.DropStmt.missing_ok);
  return [
    ...others,
    ...unrepeatable.map(
      (name) =>
        `CREATE INDEX CONCURRENTLY "${name}" leaves an invalid index when it fails. Write \`DROP INDEX ` +
        `CONCURRENTLY IF EXISTS "${name}";\` before it, a breakpoint between them, and no IF NOT EXISTS.`,
    ),
    ...(undropped ? ['has DROP INDEX CONCURRENTLY without IF EXISTS, which could not be repeated.'] : []),
  ];
}
