/** ADT messages of the two invented hospitals, field by field, and what several of them fold to. */
import { hl7v2Inbound } from '../../adapters/inbound/hl7v2/index.ts';
import type { Fact } from '../../adapters/adapter.ts';
import { factId } from '../../gateway/process/ids.ts';
import type { StoredLike } from '../../gateway/process/state.ts';
import { loadMappings } from '../../mappings/index.ts';

/** Fields of one segment by their number: `{ 3: 'MED1' }`. */
export type Fields = Readonly<Record<number, string>>;
/** A segment; what it does not say is as every message of its sender has it. */
export type Segment = readonly [name: string, fields?: Fields];

const hospitals = {
  ekliden: {
    names: { 3: 'EKLIDEN-PAS', 4: 'EKLIDEN' },
    offset: '',
    charset: '8859/1',
    encoding: 'latin1',
    number: '195009072553^^^PNR',
    municipality: '1480',
  },
  norrtuna: {
    names: { 3: 'NORRTUNA-VIS', 4: 'NORRTUNA' },
    offset: '+0100',
    charset: 'UNICODE UTF-8',
    encoding: 'utf8',
    number: '196101182803^^^SKV',
    municipality: '2480',
  },
} as const;
export type Sender = keyof typeof hospitals;
export const senders = ['ekliden', 'norrtuna'] as const satisfies readonly Sender[];

/**
 * One message: MSH, EVN and the segments given, in their order; PID and PV1 where none are given.
 * @returns its bytes in the character set it declares
 */
export function adtBytes(
  sender: Sender,
  trigger: string,
  segments: readonly Segment[] = [['PID'], ['PV1']],
): Buffer {
  const { names, offset, charset, encoding, number, municipality } = hospitals[sender];
  const usual: Readonly<Record<string, Fields>> = {
    MSH: { 7: `20220307120000${offset}`, 9: `ADT^${trigger}`, 10: 'M1', 11: 'P', 12: '2.5' },
    EVN: { 1: trigger, 2: `20220307115500${offset}`, 6: `20220307115000${offset}` },
    PID: {
      3: number,
      5: 'Påhittad^Åsa',
      11: `Exempelvägen 1^^Påhittsby^^99999^SE^H^^${municipality}`,
    },
    PV1: { 2: 'I', 3: 'MED1', 19: 'V1001' },
  };
  const given = (name: string): Fields => segments.find(([one]) => one === name)?.[1] ?? {};
  const header = { 2: '^~\\&', ...names, ...usual['MSH'], 18: charset, ...given('MSH') };
  const lines = [
    lineOf('MSH', header).replace('|', ''),
    lineOf('EVN', { ...usual['EVN'], ...given('EVN') }),
    ...segments
      .filter(([name]) => name !== 'MSH' && name !== 'EVN')
      .map(([name, fields]) => lineOf(name, { ...usual[name], ...fields })),
  ];
  return Buffer.from(`${lines.join('\r')}\r`, encoding);
}

function lineOf(name: string, fields: Fields): string {
  const last = Math.max(0, ...Object.keys(fields).map(Number));
  const values = Array.from({ length: last }, (_, index) => fields[index + 1] ?? '');
  return [name, ...values].join('|');
}

/** A message of a story: its trigger, its local time (`2022-03-07 10:00`) in EVN-2 and EVN-6, and its segments. */
export type Step = readonly [trigger: string, at: string, segments?: readonly Segment[]];

/** `2022-03-07 10:00` as HL7 writes it. Winter time, as the stories are. */
export function hl7Time(sender: Sender, at: string): string {
  return `${at.replaceAll(/[-: ]/g, '')}00${hospitals[sender].offset}`;
}

const inbound = hl7v2Inbound(loadMappings());

/** What one message gives a stay, as `receive` would store it. A person's facts are told to every stay of theirs. */
export function eventsOf(
  sender: Sender,
  [trigger, at, segments = [['PID'], ['PV1']]]: Step,
): StoredLike['event'][] {
  const time = hl7Time(sender, at);
  const told: readonly Segment[] = [
    ['EVN', { 1: trigger, 2: time, 6: time, ...segments.find(([name]) => name === 'EVN')?.[1] }],
    ...segments.filter(([name]) => name !== 'EVN'),
  ];
  const message = inbound.read(adtBytes(sender, trigger, told));
  const { sentAt = '' } = inbound.head(message);
  const { facts, persons = [], moved = [] } = inbound.translate(message);
  const all: Fact[] = [...facts, ...[...persons, ...moved].flatMap((one) => one.facts)];
  return all.map((fact, index) => ({
    ...fact,
    id: factId(sender, `${trigger} ${at}`, '', fact.type, index, ''),
    stayId: 'stay-1',
    sentAt,
    recordedAt: sentAt,
    source: { sender, messageId: `${trigger} ${at}` },
    causationId: trigger,
    correlationId: 'story',
  }));
}

/** Every order of a list. */
export function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((one, index) =>
    permutations(list.toSpliced(index, 1)).map((rest) => [one, ...rest]),
  );
}
