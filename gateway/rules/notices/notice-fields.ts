/**
 * Which fields a notice carries: those the law asks for, and those that a guideline adds with its legal basis. The figures
 * of `profiles/law` say which, by place and date.
 */
import type { NoticeContent, NoticedObligation, NoticeField } from '../../process/events.ts';
import { noticeFields } from '../../process/events.ts';
import type { LawOn } from '../rule.ts';

/** Names of the two figures of each notice: what the law asks for, and what may be added. */
export const fieldParameters: Readonly<
  Record<NoticedObligation, { readonly asked: string; readonly added: string }>
> = {
  'admission-notice': named('admission-notice.notice'),
  'discharge-estimate': named('admission-notice.estimate'),
  'discharge-ready-notice': named('discharge-ready-notice.notice'),
  'compulsory-care-notice': named('discharge-ready-notice.openCare'),
  'planning-call': named('care-planning.call'),
  'discharge-notice': named('discharge-notice.discharge'),
  'death-notice': named('discharge-notice.death'),
};

function named(stem: string): { readonly asked: string; readonly added: string } {
  return { asked: `${stem}Fields`, added: `${stem}AddedFields` };
}

/**
 * The fields of one notice.
 * @param isProtected a protected identity is told of with what the law asks for and nothing more
 */
export function fieldsOn(
  law: LawOn,
  obligation: NoticedObligation,
  isProtected: boolean,
): readonly NoticeField[] {
  const { asked, added } = fieldParameters[obligation];
  return [...listed(law.text(asked)), ...(isProtected ? [] : listed(law.text(added)))];
}

/** The fields that a figure lists: `name personNumber`; none in `none`. */
export function listed(value: string): readonly NoticeField[] {
  const words = value.split(' ');
  return noticeFields.filter((field) => words.includes(field));
}

/** A content without what the notice may not carry; the kind of number is a code that says what is in `personNumber`. */
export function within(content: NoticeContent, fields: readonly NoticeField[]): NoticeContent {
  const allowed = new Set<string>([...fields, 'numberKind']);
  return Object.fromEntries(Object.entries(content).filter(([key]) => allowed.has(key)));
}
