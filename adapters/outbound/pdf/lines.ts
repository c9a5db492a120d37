/** A text on lines of a given width, and the pieces of a line in the order in which they stand from left to right. */
import { createRequire } from 'node:module';
import type { Bidi } from 'bidi-js';

/** Tells how wide a text is, in points. */
export type Measure = (text: string) => number;

const graphemes = new Intl.Segmenter('sv', { granularity: 'grapheme' });

/** Breaks a text at its spaces, and a word that is wider than the line where the line ends. */
export function linesOf(text: string, width: number, measure: Measure): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => fitting(long, width, measure))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || measure(longer) <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** A word in parts that each fit on a line. */
function fitting(word: string, width: number, measure: Measure): string[] {
  if (measure(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const { segment } of graphemes.segment(word)) {
    if (part !== '' && measure(part + segment) > width) {
      parts.push(part);
      part = '';
    }
    part += segment;
  }
  return [...parts, part];
}

// ---------------------------------------------------------------- direction

// A CommonJS module whose types are those of an ES module.
const createBidi: () => Bidi = createRequire(import.meta.url)('bidi-js');
const bidi = createBidi();
const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** Part of a line that is written in one direction; its text is in reading order. */
export interface Piece {
  readonly text: string;
  readonly isRightToLeft: boolean;
}

/** The pieces of a line from left to right (Unicode UAX #9), in a text whose own direction is left to right. */
export function piecesOf(line: string): readonly Piece[] {
  if (!rightToLeft.test(line)) return [{ text: line, isRightToLeft: false }];
  const embedding = bidi.getEmbeddingLevels(line, 'ltr');
  const { levels } = embedding;
  const mirrored = bidi.getMirroredCharactersMap(line, levels);
  const pieces: { indices: number[]; level: number }[] = [];
  for (const index of bidi.getReorderedIndices(line, embedding)) {
    const level = levels[index] ?? 0;
    const last = pieces.at(-1);
    const before = last?.indices.at(-1);
    const follows = before !== undefined && Math.abs(before - index) === 1;
    if (last && follows && last.level === level) last.indices.push(index);
    else pieces.push({ indices: [index], level });
  }
  return pieces.map(({ indices, level }) => {
    const inOrder = indices
      .toSorted((one, other) => one - other)
      .map((index) => mirrored.get(index) ?? line.charAt(index));
    // The typeface turns letters round, and leaves what has no letter as it stands.
    const isRightToLeft = inOrder.some((character) => rightToLeft.test(character));
    const isTurned = level % 2 === 1 && !isRightToLeft;
    return { text: (isTurned ? inOrder.reverse() : inOrder).join(''), isRightToLeft };
  });
}
