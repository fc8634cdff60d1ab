type Part = { continueBefore: string | null };

/** Reads all that is stored of a person. Long histories come in several parts, which become a list. */
export async function readPersonalData<Data extends Part>(
  read: (before?: string) => Promise<Data>,
): Promise<Data | Data[]> {
  const parts = [await read()];
  for (let last = parts[0]!; last.continueBefore !== null;) {
    last = await read(last.continueBefore);
    parts.push(last);
  }
  return parts.length === 1 ? parts[0]! : parts;
}
