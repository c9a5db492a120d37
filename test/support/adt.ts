/** ADT messages of stories that the simulated hospital does not tell: what is left out is as every message has it. */
import { adtBytes, type Segment } from './adt-message.ts';

export interface AdtFields {
  readonly trigger: string;
  readonly id: string;
  /** When it happened, EVN-6, local time as HL7 writes it. */
  readonly at: string;
  /** When it was recorded, EVN-2; `at` where left out. */
  readonly told?: string;
  readonly hospital?: 'ekliden' | 'norrtuna';
  /** PID-3 as written. */
  readonly number?: string;
  readonly family?: string;
  readonly municipality?: string;
  readonly visit?: string;
  /** PV1 by field number. */
  readonly pv1?: Readonly<Record<number, string>>;
  /** PID by field number. */
  readonly pid?: Readonly<Record<number, string>>;
  /** Segments after PV1, or after PID where the message has no PV1, as written. */
  readonly more?: readonly string[];
  readonly withoutVisit?: boolean;
}

export const personnummer = '195009072553^^^PNR';
export const otherPersonnummer = '196101182803^^^PNR';
export const reserveNumber = '99E0001^^^RESNR';

/** @returns the message's bytes */
export function adt(fields: AdtFields): Uint8Array {
  const { trigger, id, at, told = at, hospital = 'ekliden' } = fields;
  const number = fields.number ?? personnummer;
  const address = `Exempelvägen 1^^Påhittsby^^99999^SE^H^^${fields.municipality ?? '1480'}`;
  const pid = {
    3: hospital === 'ekliden' ? number : number.replace('^^^PNR', '^^^SKV'),
    5: `${fields.family ?? 'Påhittad'}^Åsa`,
    11: address,
    ...fields.pid,
  };
  const pv1 = { 19: fields.visit ?? 'V1', ...fields.pv1 };
  return adtBytes(hospital, trigger, [
    ['MSH', { 7: told, 10: id }],
    ['EVN', { 2: told, 6: at }],
    ['PID', pid],
    ...(fields.withoutVisit === true ? [] : [['PV1', pv1] as const]),
    ...(fields.more ?? []).map(segmentOf),
  ]);
}

function segmentOf(text: string): Segment {
  const [name = '', ...values] = text.split('|');
  return [name, Object.fromEntries(values.map((value, index) => [index + 1, value]))];
}
