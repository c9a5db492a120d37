/** What must hold of an agreement before anything is decided by it. Each fault is refused with file and key. */
import { invalid, meant } from './files.ts';
import type { AgreementFile, AgreementPeriod } from './agreement-schema.ts';
import { checkValue } from './schema.ts';
import type { Parameter } from './schema.ts';
import { dayAfter } from './timeline.ts';

/**
 * @param file named in errors
 * @param parties SCB codes of the region's municipalities
 * @param law by `<stem>.<name>`: what may be set, and to what
 * @throws GatewayError configuration-invalid
 */
export function checkAgreement(
  file: string,
  agreement: AgreementFile,
  parties: readonly string[],
  law: ReadonlyMap<string, Parameter>,
): void {
  checkPeriods(file, agreement.periods);
  checkExtension(file, agreement);
  checkParties(file, agreement, parties);
  checkOpenings(file, agreement);
  for (const [name, stated] of Object.entries(agreement.parameters)) {
    const parameter = law.get(name);
    if (parameter === undefined) {
      throw invalid(file, `parameters.${name}`, `no such parameter${meant(name, [...law.keys()])}`);
    }
    checkParameter(file, agreement, `parameters.${name}`, stated, parameter);
  }
}

/** The first whole month of the first period in force; of the first period where none was seen. */
export function firstMonthOf(periods: readonly AgreementPeriod[]): string {
  const first = periods.find(({ status }) => status === 'in-force') ?? periods[0];
  const from = first?.from ?? '';
  if (from.endsWith('-01')) return from.slice(0, 7);
  const later = new Date(`${from.slice(0, 7)}-01T00:00:00Z`);
  later.setUTCMonth(later.getUTCMonth() + 1);
  return later.toISOString().slice(0, 7);
}

function checkPeriods(file: string, periods: readonly AgreementPeriod[]): void {
  for (const [index, { from, to }] of periods.entries()) {
    const key = `periods.${index}`;
    if (to !== undefined && to < from) throw invalid(file, `${key}.to`, 'ends before it starts');
    const before = periods[index - 1];
    if (before === undefined) continue;
    if (before.to === undefined) {
      throw invalid(file, `periods.${index - 1}.to`, 'only the last period may be open');
    }
    if (from <= before.to) throw invalid(file, `${key}.from`, `overlaps the one to ${before.to}`);
    if (from > dayAfter(before.to)) {
      throw invalid(file, `${key}.from`, `leaves a gap after ${before.to}`);
    }
  }
}

function checkExtension(file: string, { periods, extension }: AgreementFile): void {
  if (extension === undefined) return;
  const last = periods.at(-1);
  if (last?.to === undefined) {
    throw invalid(file, 'extension', 'the last period has no end to extend');
  }
  if (last.status === 'unseen') {
    throw invalid(file, 'extension', 'what was not seen cannot be extended');
  }
  if (extension.noticeBy >= last.to) {
    throw invalid(file, 'extension.noticeBy', `is not before the end, ${last.to}`);
  }
  const { confirmedUntil, confirmedBy } = extension;
  if (confirmedUntil !== undefined && confirmedUntil <= last.to) {
    throw invalid(file, 'extension.confirmedUntil', `is not after the end, ${last.to}`);
  }
  if ((confirmedUntil === undefined) !== (confirmedBy === undefined)) {
    const key = confirmedBy === undefined ? 'confirmedBy' : 'confirmedUntil';
    throw invalid(file, `extension.${key}`, 'a confirmation has a date and a reference');
  }
}

function checkParties(
  file: string,
  { adoption, opening }: AgreementFile,
  parties: readonly string[],
): void {
  for (const code of Object.keys(adoption.municipalities ?? {})) {
    if (!parties.includes(code)) {
      throw invalid(file, `adoption.municipalities.${code}`, 'is no party to the agreement');
    }
  }
  for (const code of Object.keys(opening ?? {})) {
    const { adopted } = adoption.municipalities?.[code] ?? adoption.default;
    if (!parties.includes(code) || adopted === 'no') {
      throw invalid(file, `opening.${code}`, 'is no party to the agreement');
    }
  }
}

function checkOpenings(file: string, { periods, extension, opening }: AgreementFile): void {
  const firstMonth = firstMonthOf(periods);
  const last = extension === undefined ? periods.at(-1)?.to : undefined;
  for (const [code, { month, above, below }] of Object.entries(opening ?? {})) {
    const key = `opening.${code}`;
    if (month < firstMonth || (last !== undefined && `${month}-01` > last)) {
      throw invalid(file, `${key}.month`, 'the agreement does not hold then');
    }
    if (above > 0 && below > 0) {
      throw invalid(file, `${key}.below`, 'the month before was above the benchmark or was not');
    }
  }
}

function checkParameter(
  file: string,
  { periods, extension }: AgreementFile,
  key: string,
  { values = {}, unknown = [] }: AgreementFile['parameters'][string],
  parameter: Parameter,
): void {
  if (parameter.agreement === 'forbidden') {
    throw invalid(file, key, '4 kap. 5 § lag (2017:612) lets no agreement change it');
  }
  if (Object.keys(values).length + unknown.length === 0) {
    throw invalid(file, key, 'neither values nor unknown');
  }
  for (const [from, { value }] of Object.entries(values)) {
    const at = `${key}.values.${from}`;
    checkValue(file, `${at}.value`, parameter, value);
    const { narrowsTo } = parameter;
    if (narrowsTo !== undefined && value !== null && !narrowsTo.includes(String(value))) {
      const wanted = narrowsTo.join(' | ');
      throw invalid(file, `${at}.value`, `an agreement may only narrow liability: ${wanted}`);
    }
    const isStart = from.endsWith('-01-01') || periods.some((period) => period.from === from);
    if (parameter.per === 'calendar-year' && !isStart) {
      throw invalid(file, at, 'a yearly value starts on 1 January or with a period');
    }
    checkDate(file, at, from, periods, extension !== undefined);
    if (!isStart && isOfMonth(key) && !from.endsWith('-01')) {
      throw invalid(
        file,
        at,
        'a month is settled by one model: it starts with a month or a period',
      );
    }
  }
  for (const [index, { from }] of unknown.entries()) {
    checkDate(file, `${key}.unknown.${index}.from`, from, periods, extension !== undefined);
  }
}

/** What a settlement asks on the first day of its month, for the whole of it. */
const isOfMonth = (key: string): boolean => key.startsWith('parameters.settlement.');

/** A figure belongs to a time in which the agreement holds and was seen. */
function checkDate(
  file: string,
  key: string,
  date: string,
  periods: readonly AgreementPeriod[],
  isExtended: boolean,
): void {
  const period = periods.findLast(({ from }) => from <= date);
  const isAfter = period?.to !== undefined && period.to < date;
  if (period === undefined || (isAfter && !isExtended)) {
    throw invalid(file, key, 'is outside every period of the agreement');
  }
  if (period.status === 'unseen') throw invalid(file, key, 'is in a period that was not seen');
}
