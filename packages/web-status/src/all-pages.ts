type Page<Item> = { items: Item[]; nextCursor: string | null };

/** Reads all pages of a list and returns their items. */
export async function allPages<Item>(read: (cursor?: string) => Promise<Page<Item>>): Promise<Item[]> {
  let page = await read();
  const items = [...page.items];
  while (page.nextCursor !== null) {
    page = await read(page.nextCursor);
    items.push(...page.items);
  }
  return items;
}
