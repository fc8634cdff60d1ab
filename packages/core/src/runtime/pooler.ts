/** The parameters of connections that poolers refuse, unless they are told to ignore them. */
const parameters = [
  'options',
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'plan_cache_mode',
  'enable_seqscan',
];

/** What to do about `isRefusedByPooler`, for the log. */
export const poolerHelp =
  'The pooler in front of the database refuses parameters of connections. ' +
  `For PgBouncer, set ignore_startup_parameters = ${parameters.join(', ')}, and pool_mode = session, ` +
  'since LISTEN needs a session. Other poolers, such as RDS Proxy, cannot ignore them: connect to the database itself. ' +
  'See "A pooler in front of the database" in docs/deployment.md.';

const maxDepth = 5;

/** True if an error, or a cause of it, is PgBouncer or RDS Proxy refusing a parameter that the programs send. */
export function isRefusedByPooler(error: unknown): boolean {
  let inner = error;
  for (let depth = 0; depth < maxDepth && inner instanceof Error; depth++) {
    if (/unsupported startup parameter|RDS Proxy currently doesn.t support/i.test(inner.message)) return true;
    inner = inner.cause;
  }
  return false;
}
