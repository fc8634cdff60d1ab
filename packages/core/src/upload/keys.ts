/** The key of an uploaded file until it is verified. A lifecycle rule may delete `uploads/` after a day. */
export const stagingKey = (portfolioId: string, id: string) => `uploads/${portfolioId}/${id}`;

/** The permanent key of a verified file. It contains the hash, so that no other bytes can replace it. */
export const contentKey = (noun: 'evidence' | 'artifacts', portfolioId: string, sha256: string) =>
  `${noun}/${portfolioId}/${sha256}`;
