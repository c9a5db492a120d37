/** ADT messages of the two invented hospitals, field by field. */

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
