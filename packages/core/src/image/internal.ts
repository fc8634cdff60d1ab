/** Where the bytes of an image are in the bucket. */
export function imageKey(portfolioId: string, sha256: string): string {
  return `images/${portfolioId}/${sha256}`;
}
