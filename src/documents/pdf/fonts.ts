import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { create, type Font } from 'fontkit';
import { sfntOfWoff } from './sfnt-of-woff';

export type Weight = 400 | 600;

/** A font file that holds the characters of some ranges. */
interface Slice {
  readonly ranges: readonly (readonly [number, number])[];
  readonly name: string;
  readonly fileOf: (weight: Weight) => string;
}

/**
 * Where letters are looked for, in this order. The packages for Chinese, Japanese and Korean are large and optional: a
 * server without them draws a question mark for such a letter. Each is cut into slices of some hundred letters, and only those
 * that a name needs are read.
 */
const PACKAGES = ['noto-sans', 'noto-sans-hebrew', 'noto-sans-arabic'] as const;
const EAST_ASIAN = { jp: 'noto-sans-jp', kr: 'noto-sans-kr', cn: 'noto-sans-sc' } as const;

const slices = new Map<string, readonly Slice[]>();
const fonts = new Map<string, Font>();
const slicesOfLetters = new Map<string, Slice | null>();

/** A part of a font, ready to be laid out; read once per process. */
export interface Face {
  readonly name: string;
  readonly font: Font;
}

/**
 * @param hint what a Han letter is drawn as, where Chinese and Japanese draw it differently
 * @returns    the face that has the letter; null where none has
 */
export function faceOf(letter: string, weight: Weight, hint: keyof typeof EAST_ASIAN): Face | null {
  const slice = sliceOf(letter, hint);
  if (slice === null) return null;
  const name = `${slice.name}-${weight}`;
  let font = fonts.get(name);
  if (font === undefined) {
    font = create(sfntOfWoff(readFileSync(slice.fileOf(weight)))) as Font;
    fonts.set(name, font);
  }
  // A table of ranges promises more letters than some files have.
  return font.hasGlyphForCodePoint(letter.codePointAt(0)!) ? { name, font } : null;
}

/** Which letters of an East Asian name it is drawn with: kana say Japanese, hangul Korean, else the country decides. */
export function eastAsianOf(text: string, country: string | null): keyof typeof EAST_ASIAN {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text) || country === 'JP') return 'jp';
  if (/\p{Script=Hangul}/u.test(text) || country === 'KR') return 'kr';
  return 'cn';
}

function sliceOf(letter: string, hint: keyof typeof EAST_ASIAN): Slice | null {
  const known = `${hint}${letter}`;
  let found = slicesOfLetters.get(known);
  if (found === undefined) {
    const point = letter.codePointAt(0)!;
    const wanted = [...PACKAGES, EAST_ASIAN[hint], ...Object.values(EAST_ASIAN)];
    found = wanted.flatMap(slicesOf).find(({ ranges }) => ranges.some(([from, to]) => point >= from && point <= to)) ?? null; // prettier-ignore
    slicesOfLetters.set(known, found);
  }
  return found;
}

function slicesOf(name: string): readonly Slice[] {
  let found = slices.get(name);
  if (found === undefined) {
    found = readSlices(name);
    slices.set(name, found);
  }
  return found;
}

/** The slices of a package of fonts; none where it isn't installed. */
function readSlices(name: string): Slice[] {
  const folder = folderOf(name);
  if (folder === null) return [];
  const table = JSON.parse(readFileSync(join(folder, 'unicode.json'), 'utf8')) as Record<string, string>;
  return Object.entries(table)
    .map(([subset, ranges]) => {
      const file = `${name}-${subset.replace(/[[\]]/g, '')}`;
      return {
        name: file,
        ranges: ranges.split(',').map(toRange),
        // Of the two formats, this one keeps tables as they are, which cutting out single letters needs.
        fileOf: (weight: Weight) => join(folder, 'files', `${file}-${weight}-normal.woff`),
      };
    })
    .filter(({ fileOf }) => existsSync(fileOf(400)));
}

function folderOf(name: string): string | null {
  try {
    return dirname(require.resolve(`@fontsource/${name}/unicode.json`));
  } catch {
    return null;
  }
}

/** `U+0100-02BA` or `U+2116`. */
function toRange(text: string): readonly [number, number] {
  const [from, to] = text.replace('U+', '').split('-') as [string, string?];
  return [parseInt(from, 16), parseInt(to ?? from, 16)];
}
