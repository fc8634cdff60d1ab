import postgres from 'postgres';

/** Connection strings of the database users of API and worker. As in the cloud, they own no tables. */
export type UserUrls = { api: string; worker: string };

/**
 * Gives the users of API and worker the password of the superuser, whose connection string is `url`. In the cloud they have
 * no password.
 */
export async function enableDatabaseUsers(url: string): Promise<UserUrls> {
  const sql = postgres(url, { max: 1 });
  try {
    const { password } = new URL(url);
    for (const user of ['portfolio_api', 'portfolio_worker']) {
      const [row] = await sql<{ statement: string }[]>`
        select format('alter role %I password %L', ${user}::text, ${password}::text) as statement`;
      await sql.unsafe(row!.statement);
    }
  } finally {
    await sql.end();
  }
  return { api: urlOf('portfolio_api', url), worker: urlOf('portfolio_worker', url) };
}

/** The connection string of another user with the same password. */
export const urlOf = (user: string, url: string) => Object.assign(new URL(url), { username: user }).href;
