/** Remarks gathered by one check of one message: bounded, because the message is anybody's. */
import type { Remark } from './remark.ts';

const keptRemarks = 100;

export class Remarks {
  readonly #check: Remark['check'];
  readonly #kept: Remark[] = [];
  #left = 0;

  constructor(check: Remark['check']) {
    this.#check = check;
  }

  add(remark: Omit<Remark, 'check'>): void {
    if (this.#kept.length < keptRemarks) this.#kept.push({ check: this.#check, ...remark });
    else this.#left += 1;
  }

  get full(): boolean {
    return this.#left > 0;
  }

  /** What was gathered; where there was more, that is the last one. */
  list(): readonly Remark[] {
    if (this.#left === 0) return this.#kept;
    const text = `more than ${keptRemarks} remarks; correct these first`;
    const last: Remark = {
      check: this.#check,
      severity: 'information',
      code: 'MORE_REMARKS',
      location: 'MSH',
      text,
    };
    return [...this.#kept, last];
  }
}

/**
 * A code as it may be shown: short capitals and digits, so neither a name as it is written nor a person's number that
 * stands in the wrong field; undefined for anything else.
 */
export function shownCode(text: string): string | undefined {
  return /^[A-Z0-9./+-]{1,8}$/.test(text) && !/\d{5}/.test(text) ? text : undefined;
}

const order: readonly Remark['severity'][] = ['error', 'warning', 'information'];

/** Errors first, then warnings; within each in the order they were made. */
export function gravestFirst(remarks: readonly Remark[]): readonly Remark[] {
  return order.flatMap((severity) => remarks.filter((remark) => remark.severity === severity));
}

/** Remarks as lines of text: where and what, and under it what cannot be done because of it. */
export function remarkLines(remarks: readonly Remark[]): string[] {
  const width = Math.max(0, ...remarks.map(({ location }) => location.length));
  return remarks.flatMap(({ severity, location, text, consequence }) => [
    `${severity.padEnd(11)}  ${location.padEnd(width)}  ${text}`,
    ...(consequence === undefined ? [] : [`${' '.repeat(width + 15)}${consequence}`]),
  ]);
}
