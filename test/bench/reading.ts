/**
 * What reading and mapping one message costs: bytes → message → facts, and the answer apart from it.
 */
import { hl7v2Inbound } from '../../adapters/inbound/hl7v2/index.ts';
import { buildMessage } from '../../adapters/simulated/hospital.ts';
import { loadMappings } from '../../mappings/index.ts';

export interface ReadingFigures {
  /** read + head + translate of an ADT^A01 of about 1 kB, one thread. */
  readonly microsecondsPerMessage: number;
  /** The same with the answer. */
  readonly microsecondsWithAnswer: number;
  readonly bytes: number;
}

/** An A01 filled up to about 1 kB with the segments that usually follow. */
export function sampleMessage(index: number): Uint8Array {
  const hour = String(index % 24).padStart(2, '0');
  const message = buildMessage('norrtuna', {
    trigger: 'A01',
    at: `2022-03-${String(1 + (index % 28)).padStart(2, '0')}T${hour}:15:00`,
    visit: `N${index}`,
    personnummer: '195009072553',
    family: 'Påhittad',
    given: 'Åsa',
    address: { street: 'Exempelvägen 1', postalCode: '90001', city: 'Umeå' },
    municipality: '2480',
    unit: 'MED1',
    expectedDischarge: '2022-03-20',
    controlId: `C${index}`,
  });
  const filler =
    'NK1|1|Exempel^Kontakt|SPO|Exempelvägen 1^^Umeå^^90001|0900000000\rDG1|1||Z00.0\r'.repeat(8);
  return Buffer.concat([message, Buffer.from(`${filler}AL1|1|DA|EXEMPEL\r`)]);
}

/** The median of nine rounds after warming up; about two seconds. */
export async function benchReading(messagesPerRound = 5_000): Promise<ReadingFigures> {
  const inbound = hl7v2Inbound(loadMappings());
  const messages = Array.from({ length: 500 }, (_, index) => sampleMessage(index));
  const context = {
    answerId: '0190f3a4-5b6c-7d8e-9f01-23456789abcd',
    now: '2022-03-07T10:59:00.000Z',
  };
  let facts = 0;
  const round = (answered: boolean): number => {
    const start = performance.now();
    for (let index = 0; index < messagesPerRound; index += 1) {
      const raw = messages[index % messages.length] ?? new Uint8Array();
      const message = inbound.read(raw);
      inbound.head(message);
      facts += inbound.translate(message).facts.length;
      if (answered) inbound.acknowledge(message, raw, { accepted: true, warnings: [] }, context);
    }
    return ((performance.now() - start) * 1000) / messagesPerRound;
  };
  for (let warm = 0; warm < 4; warm += 1) round(true);
  const microsecondsPerMessage = median(() => round(false));
  const microsecondsWithAnswer = median(() => round(true));
  if (facts === 0) throw new Error('the sample gave no facts');
  return { microsecondsPerMessage, microsecondsWithAnswer, bytes: messages[0]?.length ?? 0 };
}

function median(measure: () => number): number {
  const rounds = Array.from({ length: 9 }, measure).toSorted((a, b) => a - b);
  return rounds[4] ?? 0;
}
