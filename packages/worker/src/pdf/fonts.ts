import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The font files of the renderer, by their use; all under the SIL Open Font License.
 * Source Sans 3 and Source Code Pro cover Latin, Greek and Cyrillic (Source Sans polytonic Greek too).
 * Source Han Sans draws in the same style: `han` has the 20,976 unified ideographs, kana, bopomofo and CJK
 * punctuation (in Chinese shapes), `hangul` all 11,172 syllables.
 * A bundle has these files in a folder `fonts` next to it: copy each `fontPath(name)` there.
 */
export const fontFiles = {
  regular: '@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf',
  italic: '@expo-google-fonts/source-sans-3/400Regular_Italic/SourceSans3_400Regular_Italic.ttf',
  bold: '@expo-google-fonts/source-sans-3/600SemiBold/SourceSans3_600SemiBold.ttf',
  boldItalic: '@expo-google-fonts/source-sans-3/600SemiBold_Italic/SourceSans3_600SemiBold_Italic.ttf',
  mono: '@expo-google-fonts/source-code-pro/400Regular/SourceCodePro_400Regular.ttf',
  monoBold: '@expo-google-fonts/source-code-pro/600SemiBold/SourceCodePro_600SemiBold.ttf',
  han: '@librescore/fonts/SourceHanSansCN.min.woff2',
  hangul: '@librescore/fonts/SourceHanSansKR.min.woff2',
} as const;

export type FontName = keyof typeof fontFiles;

const require = createRequire(import.meta.url);

/** Absolute path of a font file: in `fonts/` next to a bundle, otherwise in its npm package. */
export function fontPath(name: FontName): string {
  const bundled = fileURLToPath(new URL(`fonts/${basename(fontFiles[name])}`, import.meta.url));
  return existsSync(bundled) ? bundled : require.resolve(fontFiles[name]);
}
