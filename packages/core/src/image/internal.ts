import { AppError } from '../errors.ts';
import type { Tenant } from '../tenancy.ts';

/** The key of an image in the bucket. */
export function imageKey(portfolioId: string, sha256: string): string {
  return `images/${portfolioId}/${sha256}`;
}

export const imageNotFound = (tenant: Pick<Tenant, 'slug'>, sha256: string) =>
  new AppError('not_found', `There is no image "${sha256}" in portfolio "${tenant.slug}".`);
