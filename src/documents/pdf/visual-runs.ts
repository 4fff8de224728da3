import bidiFactory from 'bidi-js';
import { type Face, faceOf, type Weight } from './fonts';

/** Letters of one font and one direction, in the order in which they are spoken. */
export interface Run {
  readonly text: string;
  readonly face: Face;
}

/** Letters before they are put in the order of the page. */
interface Stretch {
  text: string;
  readonly face: Face;
  /** Of the bidirectional algorithm: odd ones are read from right to left. */
  readonly level: number;
}

const bidi = bidiFactory();

/**
 * A line of text as runs from left to right, as they stand on the page (Unicode's bidirectional algorithm, rule L2). The
 * letters within a run from right to left are turned by the font's own shaping, which also joins Arabic letters.
 *
 * ```
 * spoken    Acme (ABC 12)       capitals stand for Hebrew
 * on page   Acme (12 CBA)
 * ```
 */
export function visualRuns(text: string, weight: Weight, hint: Parameters<typeof faceOf>[2]): Run[] {
  if (ONE_FACE.test(text)) return [{ text, face: faceOf('a', weight, hint)! }];
  const { levels } = bidi.getEmbeddingLevels(text);
  const stretches = merged(stretchesOf(text, weight, hint, levels));
  const highest = Math.max(0, ...stretches.map(({ level }) => level));
  for (let level = highest; level >= 1; level -= 1) turn(stretches, level);
  return stretches.map(({ text: letters, face, level }) => ({
    face,
    // What is read from right to left is turned by shaping or by us; digits of Arabic by both, since they aren't.
    text: (level % 2 === 1) !== SHAPED_LEFTWARDS.test(letters) ? [...letters].reverse().join('') : letters,
  }));
}

/** Most texts: letters that stand in one file of one font, from left to right. */
const ONE_FACE = /^[\u0020-\u00ff\u2010-\u2026\u2212]*$/;
/** Letters that the shaping turns around, since it takes them to be read from right to left; of the digits wrongly. */
export const SHAPED_LEFTWARDS = /[\p{Script=Hebrew}\p{Script=Arabic}\u0660-\u0669\u06f0-\u06f9]/u;

function* stretchesOf(
  text: string,
  weight: Weight,
  hint: Parameters<typeof faceOf>[2],
  levels: Uint8Array,
): Generator<Stretch> {
  let index = 0;
  for (const letter of text) {
    const level = levels[index]!;
    index += letter.length;
    const shown = level % 2 === 1 ? (bidi.getMirroredCharacter(letter) ?? letter) : letter;
    const face = faceOf(shown, weight, hint);
    if (face !== null) yield { text: shown, face, level };
    else yield { text: '?', face: faceOf('?', weight, hint)!, level };
  }
}

/** Neighbours of one font and level become one, so that letters can join. */
function merged(stretches: Iterable<Stretch>): Stretch[] {
  const out: Stretch[] = [];
  for (const stretch of stretches) {
    const last = out.at(-1);
    if (last?.face.name === stretch.face.name && last.level === stretch.level) last.text += stretch.text;
    else out.push({ ...stretch });
  }
  return out;
}

/** Turns each sequence of stretches of at least this level around. */
function turn(stretches: Stretch[], level: number): void {
  for (let start = 0; start < stretches.length; start += 1) {
    if (stretches[start]!.level < level) continue;
    let end = start;
    while (end < stretches.length && stretches[end]!.level >= level) end += 1;
    stretches.splice(start, end - start, ...stretches.slice(start, end).reverse());
    start = end;
  }
}
