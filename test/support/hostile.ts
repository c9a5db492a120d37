/** Messages of a given size that are made so that a careless reader would take a time that grows faster than they do. */
import { buildMessage } from '../../adapters/simulated/hospital.ts';

export interface Hostile {
  readonly name: string;
  readonly raw: Uint8Array;
}

/** @param size about how many bytes each has */
export function hostileMessages(size: number): Hostile[] {
  const [msh = '', evn = '', pid = '', pv1 = ''] = Buffer.from(
    buildMessage('norrtuna', {
      trigger: 'A01',
      at: '2022-03-03T08:00:00Z',
      visit: 'N9001',
      personnummer: '195009072553',
      family: 'Testsson',
      given: 'Åsa',
      controlId: 'H1',
    }),
  )
    .toString('utf8')
    .split('\r');
  const usual = [msh, evn, pid, pv1];
  const fill = (text: string): string => text.repeat(Math.ceil(size / text.length));
  const withPid = (text: string): string[] => [msh, evn, text, pv1];
  const texts: Readonly<Record<string, readonly string[]>> = {
    'a segment every eight bytes': [...usual, fill('ZZ1|1|a\r')],
    'segments and one line feed at the end': [...usual, fill('ZZ1|1|a\r'), '\n'],
    'lines by line feeds': [...usual, fill('ZZ1|1|a\n')],
    'segments before the patient': [msh, fill('ZZ1|1|a\r'), evn, pid, pv1],
    'segments without a field': [msh, fill('PID\r'), evn, pid, pv1],
    'nothing but line feeds': [...usual, `NTE|1|${fill('\n')}`],
    'nothing but carriage returns': [...usual, fill('\r')],
    'both line ends': [...usual, fill('\n\r')],
    'fields without end': withPid(pid + fill('|')),
    'repetitions without end': withPid(`PID|||${fill('~')}`),
    'a first repetition without end': withPid(`PID|||${fill('A')}${'~B'.repeat(20)}`),
    'sub-components without end': withPid(`PID|||${fill('&')}${'~B'.repeat(20)}`),
    'components without end': withPid(`PID|||1^^^SKV||${fill('^')}`),
    'escape characters without end': withPid(`PID|||1^^^SKV||${fill('\\')}`),
    'escape sequences without end': withPid(`PID|||1^^^SKV||${fill('\\T\\')}`),
    'one hexadecimal sequence': withPid(`PID|||1^^^SKV||\\X${fill('41')}\\`),
    'one value in the last field': [...usual, `OBX|1|ED|||${fill('QUJD')}`],
  };
  return Object.entries(texts).map(([name, lines]) => ({
    name,
    raw: Buffer.from(lines.join('\r')),
  }));
}
