/**
 * The two typefaces of our documents, DejaVu Sans (free licence): Latin with å ä ö, Greek, Cyrillic, Hebrew, Arabic.
 * They are read once and shared by all documents; a document embeds the glyphs it uses.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font } from 'fontkit';
import { assert } from '../../../gateway/errors.ts';

export type Face = 'text' | 'bold';

const files: Readonly<Record<Face, string>> = {
  text: 'dejavu-fonts-ttf/ttf/DejaVuSans.ttf',
  bold: 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
};
const read = new Map<Face, Font>();

/** A typeface, read when it is first asked for. */
export function fontOf(face: Face): Font {
  const known = read.get(face);
  if (known) return known;
  const font = create(readFileSync(createRequire(import.meta.url).resolve(files[face])));
  assert('glyphsForString' in font, 'a typeface is one font');
  read.set(face, font);
  return font;
}

/**
 * A typeface for a new document. The library keeps each glyph with the characters it was first asked for by, and with
 * none where it was only part of another's drawing (the O of an Ö): kept over documents, the next could not be searched
 * or read aloud, and would depend on the one before.
 */
export function freshFont(face: Face): Font {
  return Object.assign(fontOf(face), { _glyphs: {} });
}

/**
 * A text that the typeface can show: no control character, no hidden direction mark, and for each character it has no
 * glyph of the character's code (`[U+5F20]`), so that nothing is silently left out.
 */
export function showable(text: string, face: Face): string {
  const font = fontOf(face);
  const plain = text
    .normalize('NFC')
    .replace(/\p{Cs}/gu, '\uFFFD')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Zs}]+/gu, ' ')
    .replace(hidden, '')
    .trim();
  return Array.from(plain, (character) => shown(font, character)).join('');
}

/** Format characters and variation selectors; not the two joiners, which some scripts are written with. */
const hidden = /(?![\u200C\u200D])[\p{Cf}\p{Variation_Selector}]/gu;

function shown(font: Font, character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (font.hasGlyphForCodePoint(code)) return character;
  return `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}
