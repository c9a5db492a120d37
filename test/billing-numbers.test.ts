/** Numbers of a series when the gateway is killed between a number and its delivery, and after whatever people decide. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import {
  BilledMonths,
  halland,
  line,
  monthsWithFolders,
  streamOf,
  userTokens,
} from './support/billed-months.ts';
import { builtFile } from './support/built-program.ts';
import { temporaryFolder } from './support/folder.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function newFolder(): string {
  const folder = temporaryFolder('billing-numbers');
  closing.push(() => folder.remove());
  return folder.path;
}

/** Parameters of the region's own: 30 days until an invoice is due. */
function dueDays(): string {
  const path = newFolder();
  mkdirSync(join(path, 'regions', 'halland'), { recursive: true });
  const text = `documents: [{ cite: Brev 1, title: Brev 1, seen: true }]
parameters: { settlement.dueDays: { values: { 2027-01-01: { value: 30, reference: Brev 1 } } } }
`;
  writeFileSync(join(path, 'regions', 'halland', 'agreement.yaml'), text);
  return path;
}

const rounds = 3;
const child = builtFile('test/support/billing-child.ts');

test('after kill -9 between a number and its delivery every number is there once, and every document arrives once', async () => {
  const place = { folder: newFolder(), out: newFolder(), overlay: dueDays() };
  let issued = 0;
  for (let round = 0; round < rounds; round += 1) {
    const told = await billUntilKilled(place, Math.max(0, issued - 2), 2 + round, 7 * round);
    const journal = await openEmbeddedJournal({ folder: place.folder });
    const months = monthsWithFolders(journal, place);
    await months.rest();
    const { invoices, faults } = await months.listed();
    await journal.close();
    expect(faults).toEqual([]);
    const numbers = invoices.map(({ number }) => number);
    expect(numbers).toEqual(invoices.map((_, index) => String(13_000_001 + index)));
    // What was answered is there; what was not answered may be.
    expect(numbers).toEqual(expect.arrayContaining(told));
    expect(
      new Set(invoices.map(({ municipality, month }) => `${municipality} ${month}`)).size,
    ).toBe(invoices.length);
    expect(invoices.map(({ state }) => state)).toEqual(invoices.map(() => 'delivered'));
    const files = readdirSync(join(place.out, 'ap')).filter((name) => name.endsWith('.xml'));
    expect(files.toSorted((a, b) => a.localeCompare(b))).toEqual(
      numbers.map((one) => `${one}.xml`),
    );
    for (const name of files) {
      expect(readFileSync(join(place.out, 'ap', name), 'utf8')).toContain('</Invoice>');
    }
    expect(invoices.length).toBeGreaterThan(issued);
    issued = invoices.length;
  }
});

/** @returns the numbers that it was told of before it died */
async function billUntilKilled(
  { folder, out, overlay }: Parameters<typeof monthsWithFolders>[1],
  first: number,
  killAfter: number,
  delayMs: number,
): Promise<string[]> {
  const args = [child, folder, out, overlay, String(first)];
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(running, 'exit');
  const told: string[] = [];
  for await (const number of createInterface({ input: running.stdout })) {
    told.push(number);
    if (told.length === killAfter) setTimeout(() => running.kill('SIGKILL'), delayMs);
  }
  const [, signal]: unknown[] = await ended;
  expect(signal).toBe('SIGKILL');
  return told;
}

type Decision =
  | { readonly do: 'adjust'; readonly days: readonly number[] }
  | { readonly do: 'approve' | 'withdraw' | 'dispute' | 'uphold' | 'pass' }
  | { readonly do: 'credit'; readonly invoice: number; readonly line: number };

const decision: fc.Arbitrary<Decision> = fc.oneof(
  fc.record({
    do: fc.constant('adjust' as const),
    days: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
  }),
  // What needs another one before it is to come about often enough.
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...([
          'approve',
          'pass',
          'dispute',
          'dispute',
          'uphold',
          'uphold',
          'withdraw',
          'withdraw',
        ] as const),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('credit' as const),
      invoice: fc.nat(1),
      line: fc.integer({ min: 1, max: 3 }),
    }),
  },
);

test('whatever people decide, numbers have no gap, and nothing is credited beyond what was asked for', async () => {
  const journal = await openEmbeddedJournal({ folder: newFolder() });
  closing.push(() => journal.close());
  const months = new BilledMonths({
    journal,
    folder: newFolder(),
    overlays: [dueDays()],
    now: '2031-01-08T11:00:00.000Z',
  });
  let period = -1;
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(decision, { minLength: 4, maxLength: 14 }),
      fc.boolean(),
      async (more, isBilled) => {
        period += 1;
        // Each run has a month of its own, and all have one series.
        const month = new Date(Date.UTC(2027, Math.floor(period / 6), 1)).toISOString().slice(0, 7);
        const municipality = ['1315', '1380', '1381', '1382', '1383', '1384'][period % 6] ?? '';
        const own = { ...halland, municipality, month };
        const later = { invoiceOn: dayAfter(months, 12) };
        let revision = 1;
        await months.record(own, [line('c0', 2), line('c1', 3)], revision, later);
        // Much is of an invoice: half of the months begin with one.
        const first: readonly Decision[] = isBilled ? [{ do: 'approve' }, { do: 'pass' }] : [];
        for (const one of [...first, ...more]) {
          const refused = await decide(months, own, one, revision, later).catch(String);
          if (one.do === 'adjust') revision += 1;
          // Whoever is refused hears what to do next; nothing breaks.
          if (typeof refused === 'string') expect(refused).toMatch(/\n {2}next: /);
          else reached.add(one.do);
        }
        const { invoices, faults } = await months.listed();
        expect(faults).toEqual([]);
        expect(invoices.map(({ number }) => number)).toEqual(
          invoices.map((_, index) => String(13_000_001 + index)),
        );
        const ours = invoices.filter(
          (one) => one.municipality === municipality && one.month === month,
        );
        const sum = (of: readonly number[]): number => of.reduce((all, one) => all + one, 0);
        const net = sum(ours.map((one) => (one.kind === 'invoice' ? one.totalOre : -one.totalOre)));
        expect(net).toBe(sum(ours.map(({ leftOre }) => leftOre)));
        for (const { leftOre, totalOre } of ours) {
          expect(leftOre).toBeGreaterThanOrEqual(0);
          expect(leftOre).toBeLessThanOrEqual(totalOre);
        }
      },
    ),
    { numRuns: 60, seed: 20_270_320 },
  );
  expect([...reached].toSorted((a, b) => a.localeCompare(b))).toEqual([
    'adjust',
    'approve',
    'credit',
    'dispute',
    'pass',
    'uphold',
    'withdraw',
  ]);
});

const dayAfter = ({ clock }: BilledMonths, days: number): string =>
  new Date(clock.nowMs() + days * 86_400_000).toISOString().slice(0, 10);

type Period = Parameters<BilledMonths['approve']>[0];

async function decide(
  months: BilledMonths,
  period: Period,
  one: Decision,
  revision: number,
  later: Parameters<BilledMonths['record']>[3],
): Promise<undefined> {
  const token = userTokens.ANNA;
  const own = (await months.standing(period)).invoices.filter(({ kind }) => kind === 'invoice');
  const { number = '13999999' } = own[one.do === 'credit' ? one.invoice : 0] ?? {};
  switch (one.do) {
    case 'adjust': {
      const lines = one.days.map((days, index) => line(`c${index}`, days));
      await months.record(period, lines, revision + 1, later);
      break;
    }
    case 'approve':
      await months.approve(period, revision);
      break;
    case 'withdraw':
      await months.operate('withdraw-approval', { token, ...period, revision });
      break;
    case 'dispute':
      await months.operate('dispute-billing', { token, number });
      break;
    case 'uphold':
      await months.operate('uphold-invoice', { token, number });
      break;
    case 'credit':
      await months.operate('credit-billing', { token, number, lines: [one.line] });
      break;
    case 'pass': {
      const streamId = streamOf(period);
      months.clock.advanceTo(`${dayAfter(months, 12)}T11:00:00.000Z`);
      await months.journal.releaseDue(months.clock.now(), { deadlines: true });
      expect(await months.journal.isAhead(`invoice-day|${streamId}`)).toBe(false);
      await months.rest();
    }
  }
}
