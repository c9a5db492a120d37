/** The text of a notice as XHTML, in the part of it that FHIR allows (R4, 2.1.4), and strings as FHIR takes them. */
import { spellLine, type NoticeText } from '../notice-text.ts';

/** The whole text: title, lines and the section of the law, one paragraph each. */
export function narrativeOf({ title, lines, reference }: NoticeText): string {
  const texts = [...lines.map(spellLine), ...(reference === undefined ? [] : [reference])];
  const paragraphs = texts.map((line) => `<p>${escape(line)}</p>`);
  const said = `<h1>${escape(title)}</h1>${paragraphs.join('')}`;
  return `<div xmlns="http://www.w3.org/1999/xhtml" lang="sv" xml:lang="sv">${said}</div>`;
}

function escape(text: string): string {
  return fhirString(text).replace(/[<>&"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/**
 * A string of FHIR and of XML: on one line, without what neither has a place for (control characters, halves of a
 * letter, U+FFFE and U+FFFF). Empty where nothing is left.
 */
export function fhirString(text: string | undefined): string {
  return (text ?? '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Surrogate}\u{FFFE}\u{FFFF}]/gu, '\u{FFFD}')
    .trim();
}
