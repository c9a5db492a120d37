/** Where a person may stand in a notice, channel by channel, and where one does. */
import type { Channel } from './six-municipalities.ts';

/** Name and number stand in every notice, the address in the admission notice alone (2 kap. 2 §). */
interface Places {
  readonly who: readonly string[];
  readonly address: readonly string[];
}

const json: Places = {
  who: [
    'data.content.name.family',
    'data.content.name.given',
    'data.content.personNumber.value',
    'data.text.body',
  ],
  address: [
    'data.content.address.city',
    'data.content.address.postalCode',
    'data.content.address.street',
  ],
};

export const allowedPlaces: Readonly<Record<Channel, Places>> = {
  webhook: json,
  file: json,
  sftp: json,
  fhir: {
    who: [
      'Encounter.text.div',
      'Patient.identifier.value',
      'Patient.name.family',
      'Patient.name.given',
    ],
    address: ['Patient.address.city', 'Patient.address.line', 'Patient.address.postalCode'],
  },
  // In the text and in the PDF: there are no fields. The label and the envelope are none of them.
  sdk: { who: ['sdk:characterSequence', 'sdk:content'], address: [] },
  mllp: { who: ['PID-3', 'PID-5'], address: ['PID-11'] },
};

type Placed = readonly [place: string, text: string];

/** Every text in what was received, with its place there: a path, an element, a field. */
export function placedTexts(channel: Channel, body: string): readonly Placed[] {
  if (channel === 'mllp') return body.split('\r').flatMap(fieldsOf);
  if (channel === 'sdk') return elementsOf(body);
  return walked('', JSON.parse(body));
}

function fieldsOf(segment: string): Placed[] {
  const [name = '', ...fields] = segment.split('|');
  // MSH-1 is the separator itself.
  const first = name === 'MSH' ? 2 : 1;
  return fields.map((text, index) => [`${name}-${index + first}`, text]);
}

function elementsOf(xml: string): Placed[] {
  const element = /<(\w+:\w+)>([^<]+)<\//g;
  const texts = [...xml.matchAll(element)].map(([, name = '', text = '']): Placed => [name, text]);
  return [...texts, ['markup', xml.replaceAll(element, '')]];
}

function walked(path: string, value: unknown): Placed[] {
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  if (Array.isArray(value)) return value.flatMap((one) => walked(path, one));
  const root = 'resourceType' in value ? String(value.resourceType) : path;
  return Object.entries(value).flatMap(([key, one]) =>
    walked(root === '' ? key : `${root}.${key}`, one),
  );
}
