import { describe, expect, it } from 'vitest';
import { asGatewayError, GatewayError } from '../gateway/errors.ts';
import { createLog, type LogLevel } from '../gateway/runtime/log.ts';

/** A name that stands for every person. */
const marker = 'Markör Hemlig';

function logTo(json: boolean, level: LogLevel = 'info') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLog({ level, json, destination }) };
}

describe('the log', () => {
  it('writes an error as its code, fate and message, with the code of the driver below it', () => {
    const { lines, log } = logTo(true);
    const cause = Object.assign(new Error(`could not connect: ${marker}`), {
      code: 'ECONNREFUSED',
    });
    log.warn(
      { deliveryId: 'd-1', err: new GatewayError('delivery-failed', 'no connection', { cause }) },
      'delivery failed',
    );
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: expect.any(String),
      deliveryId: 'd-1',
      err: {
        code: 'delivery-failed',
        fate: 'transient',
        message: 'no connection',
        driverCode: 'ECONNREFUSED',
      },
      msg: 'delivery failed',
    });
  });

  it.each([true, false])('never repeats what a library quoted (json: %s)', (json) => {
    const { lines, log } = logTo(json);
    const foreign = new TypeError(`cannot read "${marker}"\n  family: ${marker}`);
    log.error({ err: foreign }, 'bug');
    log.error({ err: asGatewayError(foreign) }, 'bug');
    log.error({ raw: marker, identity: { family: marker }, row: { rendered: marker } }, 'slip');
    expect(lines.join('')).not.toContain(marker);
    expect(lines.join('')).toContain('unexpected TypeError');
    expect(lines.join('')).toContain('log.test.ts');
  });

  it('writes a short line for a person', () => {
    const { lines, log } = logTo(false);
    log.info({ sender: 'ekliden', count: 3 }, 'started');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}started sender=ekliden count=3\n$/);
  });

  it('is silent when told so', () => {
    const { lines, log } = logTo(true, 'silent');
    log.error('not heard');
    expect(lines).toEqual([]);
  });
});
