/** The key of an image in the bucket. */
export function imageKey(portfolioId: string, sha256: string): string {
  return `images/${portfolioId}/${sha256}`;
}
