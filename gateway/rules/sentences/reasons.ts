/** The sentence of a finding: that of its reason, filled in when it is read. */
import { reasons, type Reason } from '../../process/reasons.ts';

export type { Reason } from '../../process/reasons.ts';

/** A value for a placeholder: the same in both languages, or one in each. */
export type Phrase = string | Sentence;
export type Fill = Readonly<Record<string, Phrase>>;

/** A sentence in both languages. */
export interface Sentence {
  readonly sv: string;
  readonly en: string;
}

/** The sentences of a reason, with its placeholders filled when they are read. */
export function sentenceOf(reason: Reason, fill: () => Fill): Sentence {
  return new LazySentence(reason, fill);
}

/** Most findings are only decided on, so their sentences are made when someone reads them. */
class LazySentence implements Sentence {
  readonly #reason: Reason;
  readonly #fill: () => Fill;

  constructor(reason: Reason, fill: () => Fill) {
    this.#reason = reason;
    this.#fill = fill;
  }

  get sv(): string {
    return this.toJSON().sv;
  }

  get en(): string {
    return this.toJSON().en;
  }

  toJSON(): Sentence {
    const { sv, en } = reasons[this.#reason];
    return fillIn({ sv, en }, this.#fill());
  }
}

/** A text in both languages with its placeholders filled; one that is unknown becomes a dash. */
export function fillIn(text: Sentence, fill: Fill): Sentence {
  if (!text.sv.includes('{')) return text;
  const filled = (language: 'sv' | 'en'): string =>
    text[language].replace(/\{(\w+)\}/g, (_all, name: string) => {
      const phrase = fill[name] ?? '–';
      return typeof phrase === 'string' ? phrase : phrase[language];
    });
  return { sv: filled('sv'), en: filled('en') };
}
