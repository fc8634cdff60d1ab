/** What an address may be, for the attribute `pattern` of a field. */
export const slugPattern = '[a-z0-9]+(-[a-z0-9]+)*';

export const slugHint = 'Lower-case letters, digits and single hyphens, such as faster-reads.';

/** The longest address that there can be. */
export const maxSlugLength = 80;

/** An address made of a name: `Faster Reads!` becomes `faster-reads`; empty if the name has no Latin letter or digit. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, maxSlugLength)
    .replaceAll(/^-|-$/g, '');
}
