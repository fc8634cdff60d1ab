import type { Classes, Coverage, Font, PairTable } from 'fontkit';

const pairLookup = 2;
const extensionLookup = 9;

/**
 * Reads pair kerning from a font's GPOS table: (left glyph, right glyph) → change of the left one's advance
 * in font units. Shaping each pair with the font library gives the same numbers a hundred times slower.
 */
export function kerningOf({ GPOS: gpos }: Font): (left: number, right: number) => number {
  const lookups = new Set<number>();
  for (const { tag, feature } of gpos?.featureList ?? []) {
    if (tag === 'kern') for (const index of feature.lookupListIndexes) lookups.add(index);
  }
  const tables: PairTable[] = [];
  for (const index of lookups) {
    const lookup = gpos?.lookupList.get(index);
    if (lookup?.lookupType !== pairLookup && lookup?.lookupType !== extensionLookup) continue;
    for (const table of lookup.subTables) tables.push('extension' in table ? table.extension : table);
  }
  return (left, right) => {
    for (const table of tables) {
      const value = pairValue(table, left, right);
      if (value !== undefined) return value;
    }
    return 0;
  };
}

function pairValue(table: PairTable, left: number, right: number): number | undefined {
  const index = coverageIndex(table.coverage, left);
  if (index === -1) return undefined;
  if (table.version === 1) {
    const pair = table.pairSets.get(index).find(({ secondGlyph }) => secondGlyph === right);
    return pair === undefined ? undefined : (pair.value1?.xAdvance ?? 0);
  }
  const second = classOf(table.classDef2, right);
  return table.classRecords.get(classOf(table.classDef1, left)).get(second).value1?.xAdvance ?? 0;
}

function coverageIndex(coverage: Coverage, glyph: number): number {
  if (coverage.version === 1) return coverage.glyphs.indexOf(glyph);
  const range = coverage.rangeRecords.find(({ start, end }) => start <= glyph && glyph <= end);
  return range === undefined ? -1 : range.startCoverageIndex + glyph - range.start;
}

function classOf(classes: Classes, glyph: number): number {
  if (classes.version === 1) return classes.classValueArray[glyph - classes.startGlyph] ?? 0;
  return classes.classRangeRecord.find(({ start, end }) => start <= glyph && glyph <= end)?.class ?? 0;
}
