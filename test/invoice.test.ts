/** What a municipality is asked to pay, as its finance system reads it. */
import { describe, expect, test } from 'vitest';
import { ocrOf } from '../adapters/outbound/billing/ocr.ts';

describe('the OCR reference', () => {
  test('is the digits of the invoice number, a length digit and a check digit', () => {
    // By hand: 123457 from the right, every other doubled: 5 + 5 + 8 + 3 + 4 + 1 = 26, and 4 to the next ten.
    expect(ocrOf('12345')).toBe('1234574');
    // Twelve digits in all: the length digit is 2. 4 + 3 + 4 + 1 + 7 + 4 + 4 = 27, and 3 to the next ten.
    expect(ocrOf('2027-000123')).toBe('202700012323');
  });

  test.each(['', 'A12', '12 34', '-12', '12--34', '1'.repeat(24)])(
    'is refused for %j',
    (number) => {
      expect(() => ocrOf(number)).toThrow(
        expect.objectContaining({ code: 'configuration-invalid' }),
      );
    },
  );

  test('has 25 digits at most', () => {
    expect(ocrOf('1'.repeat(23))).toMatch(/^1{23}5\d$/);
  });
});
