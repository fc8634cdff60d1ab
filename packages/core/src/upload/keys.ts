/** Where a file waits in the bucket until it is checked. A lifecycle rule may empty `uploads/` after a day. */
export const stagingKey = (portfolioId: string, id: string) => `uploads/${portfolioId}/${id}`;

/** Where a checked file is in the bucket for good: under its hash, so that no other bytes can take its place. */
export const contentKey = (noun: 'evidence' | 'artifacts', portfolioId: string, sha256: string) =>
  `${noun}/${portfolioId}/${sha256}`;
