/**
 * Recorded months in a journal of any form, as `advance` leaves them, and the gateway's own operations, dispatch and advance
 * on them, with a hand-set clock.
 */
import { join } from 'node:path';
import { createAdvance } from '../../gateway/advance.ts';
import { createDispatch } from '../../gateway/dispatch.ts';
import type { InputOf, OperationName, ResultOf } from '../../gateway/operations/index.ts';
import { runOperation } from '../../gateway/operations/run.ts';
import type {
  BillingData,
  BillingLine,
  EventBody,
  EventData,
} from '../../gateway/process/events.ts';
import { idOf } from '../../gateway/process/ids.ts';
import { invoicingOf, type InvoicingTold } from '../../gateway/questions/invoicing.ts';
import { listInvoices, type Listed } from '../../gateway/questions/invoice-list.ts';
import { HandSetClock } from '../../gateway/runtime/clock.ts';
import { loadConfig, type Config } from '../../gateway/runtime/config.ts';
import type { BillingSettings } from '../../gateway/runtime/config-billing.ts';
import { createLog } from '../../gateway/runtime/log.ts';
import type { Journal, OutboxRow } from '../../gateway/runtime/journal/journal.ts';
import { billingReceiver, documentReceivers, routesOf } from '../../gateway/wiring/receivers.ts';
import { routeWaiting } from '../../gateway/wiring/waiting-notices.ts';
import { tokenThatWouldBe } from '../../gateway/wiring/tokens.ts';
import { usersOf } from '../../gateway/wiring/users.ts';
import { loadProfiles, type Profiles } from '../../profiles/index.ts';

export const userTokens = {
  ANNA: 'anna-anna-anna-anna-anna',
  BERIT: 'berit-berit-berit-berit-berit',
  RECORDS: 'records-records-records-records',
  SFTP: 'synthetic-password',
  SIGNING: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
};

export const halland = { county: '13', municipality: '1380', month: '2027-02' } as const;

const address = { postalCode: '301 80', city: 'Halmstad' };
export const seller: BillingSettings['sellers'][number] = {
  county: '13',
  name: 'Region Halland',
  organisationNumber: '2321000115',
  endpoint: '0007:2321000115',
  address,
  vat: { category: 'O', reasonCode: 'VATEX-EU-O', reason: 'Utanför tillämpningsområdet' },
  bankgiro: '54023453',
};
export const buyerOf = (municipality: string): BillingSettings['buyers'][number] => ({
  municipality,
  name: `Kommun ${municipality}`,
  organisationNumber: '2120001215',
  endpoint: '0007:2120001215',
  address,
  buyerReference: 'ref-4711',
});

/** A line of care days of one case. */
export function line(caseReference: string, days: number, from = '2027-02-01'): BillingLine {
  const until = new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10);
  return {
    kind: 'care-days',
    caseReference,
    from,
    until,
    days,
    rateOre: 1_200_000,
    amountOre: days * 1_200_000,
    reference: '5 kap. 6 § lag (2017:612)',
    rateReference: 'HSLF-FS 2026:00',
  };
}

export interface Settings {
  readonly journal: Journal;
  readonly folder: string;
  /** ISO 8601; noon of the day after the cut-off where it is left out. */
  readonly now?: string;
  readonly billing?: Partial<BillingSettings>;
  /** Folder with parameters; without it no due date is known. */
  readonly overlays?: readonly string[];
  /** Variables beside the tokens of users. */
  readonly env?: Readonly<Record<string, string>>;
}

type Written = {
  [T in 'billing.recorded' | 'billing.adjusted' | 'billing.withheld']: {
    readonly type: T;
    readonly data: EventData<T>;
  };
}['billing.recorded' | 'billing.adjusted' | 'billing.withheld'];

/** One instance of a gateway, as far as billing goes. */
export class BilledMonths {
  readonly journal: Journal;
  readonly clock: HandSetClock;
  config: Config;
  readonly profiles: Profiles;

  readonly #env: NodeJS.ProcessEnv;

  constructor(settings: Settings) {
    const { journal, folder, now = '2027-03-08T11:00:00.000Z', billing, overlays } = settings;
    this.journal = journal;
    this.#env = { ...userTokens, ...settings.env };
    this.clock = new HandSetClock(now);
    this.profiles = loadProfiles({ overlays: overlays ?? [] });
    const { config } = loadConfig({ env: {}, file: null });
    this.config = {
      ...config,
      data: folder,
      billing: {
        ...config.billing,
        sellers: [seller],
        buyers: this.profiles.nation.municipalitiesOf('13').map(buyerOf),
        ...billing,
      },
      users: [
        {
          name: 'anna',
          tokenEnv: 'ANNA',
          may: ['approve-billing', 'handle-disputes', 'credit-billing'],
        },
        { name: 'berit', tokenEnv: 'BERIT', may: ['handle-disputes'] },
      ],
    };
  }

  /** Writes down a record of a month, or an adjustment of it. */
  async record(
    period: { readonly county: string; readonly municipality: string; readonly month: string },
    lines: readonly BillingLine[],
    revision = 1,
    more: Partial<BillingData> = { invoiceOn: '2027-03-20' },
  ): Promise<void> {
    const streamId = streamOf(period);
    const totalOre = lines.reduce((sum, { amountOre }) => sum + amountOre, 0);
    const data: BillingData = {
      ...period,
      key: `${streamId}|billing`,
      revision,
      lines: [...lines],
      excluded: [],
      totalOre,
      model: 'individual',
      ...more,
    };
    const name = `recorded ${revision}`;
    const cause = idOf(`${streamId} ${name}`);
    await this.#write(
      period,
      name,
      revision === 1
        ? { type: 'billing.recorded', data }
        : { type: 'billing.adjusted', data: { ...data, differenceOre: 0, cause } },
    );
  }

  async #write(
    period: Parameters<BilledMonths['record']>[0],
    name: string,
    given: Written,
  ): Promise<void> {
    const streamId = streamOf(period);
    const { version } = await this.journal.loadStream(streamId);
    const id = idOf(`${streamId} ${name}`);
    const body: EventBody = {
      id,
      ...given,
      occurredAt: this.clock.now(),
      recordedAt: this.clock.now(),
      source: { sender: 'hemgang', messageId: id },
      causationId: id,
      correlationId: streamId,
    };
    const outcome = await this.journal.append({
      expected: [{ streamId, version }],
      events: [{ streamId, lane: streamId, body }],
      setDeadlines: [],
      closeDeadlines: [],
    });
    if (outcome !== 'appended') throw new Error('it was not written');
  }

  /** Writes down that a month cannot be judged for want of the amount of its year. */
  async withhold(period: Parameters<BilledMonths['record']>[0], revision = 1): Promise<void> {
    await this.#write(period, `withheld ${revision}`, {
      type: 'billing.withheld',
      data: {
        ...period,
        key: `${streamOf(period)}|billing`,
        revision,
        missing: 'settlement.careDayAmountOre',
        missingOn: '2027-02-03',
        reference: 'Socialstyrelsens föreskrifter (not seen)',
      },
    });
  }

  /** As the command line has it done. */
  async operate<N extends OperationName>(
    name: N,
    input: InputOf<N>,
    reason = 'because of the test',
  ): Promise<ResultOf<N>> {
    const result = await runOperation(
      name,
      { order: { who: 'root', reason }, input },
      {
        journal: this.journal,
        clock: this.clock,
        log: createLog({ level: 'silent' }),
        config: this.config,
        intake: () => {
          throw new Error('nothing is received here');
        },
        current: () => ({
          config: this.config,
          profiles: this.profiles,
          users: usersOf(this.config, userTokens, tokenThatWouldBe),
        }),
        running: undefined,
      },
      { signal: new AbortController().signal, tell: () => undefined },
    );
    return result as ResultOf<N>;
  }

  approve(
    period: { readonly county: string; readonly municipality: string; readonly month: string },
    revision = 1,
    token: string = userTokens.ANNA,
  ): Promise<ResultOf<'approve-billing'>> {
    return this.operate('approve-billing', { token, ...period, revision });
  }

  /** How a month stands. */
  async standing(
    period = halland as Parameters<BilledMonths['approve']>[0],
  ): Promise<InvoicingTold> {
    const { events } = await this.journal.loadStream(streamOf(period));
    const told = await invoicingOf(this.#asked, period, events);
    if (told === undefined) throw new Error('nothing is recorded');
    return told;
  }

  /** Everything that was issued, and what is wrong with it. */
  listed(): Promise<Listed> {
    return listInvoices(this.#asked, {});
  }

  async invoices(): Promise<Listed['invoices']> {
    return (await this.listed()).invoices;
  }

  get #asked() {
    const { journal, profiles, config } = this;
    return { journal, profiles, nowMs: this.clock.nowMs(), invoices: config.billing };
  }

  #ways() {
    const { config, profiles } = this;
    const documents = documentReceivers(config, profiles, this.#env);
    const routes = routesOf(config, [], billingReceiver(config, profiles), documents);
    return { documents, routes, log: createLog({ level: 'silent' }) };
  }

  /** Other settings of billing are in force: what had no receiver goes where it has one now. */
  async reload(billing: Partial<Config['billing']>): Promise<void> {
    this.config = { ...this.config, billing: { ...this.config.billing, ...billing } };
    const { documents, routes, log } = this.#ways();
    await routeWaiting(this.journal, routes, this.clock, log);
    for (const receiver of documents) await receiver.close?.();
    await this.rest();
  }

  /** Handles whatever waits, until nothing does. */
  async rest(): Promise<void> {
    const { journal, clock, profiles } = this;
    const { documents, routes, log } = this.#ways();
    const { signal } = new AbortController();
    const handles = {
      advance: createAdvance({ journal, profiles, clock, isSenderLive: () => true }),
      dispatch: createDispatch({ journal, routes, clock, log, retryDelaysMs: [60_000], signal }),
    };
    for (let handled = 1; handled > 0;) {
      handled = 0;
      for (const queue of ['advance', 'dispatch'] as const) {
        const rows = await journal.outbox.ready(queue, clock.nowMs(), 500, []);
        for (const lane of new Set(rows.map((row) => row.lane))) {
          const ofLane = rows.filter((row) => row.lane === lane);
          await handles[queue](lane, ofLane.map(deliveryOf));
          await journal.outbox.done(ofLane);
        }
        handled += rows.length;
      }
    }
    for (const receiver of documents) await receiver.close?.();
  }

  /** Lets time pass; what falls due on the way is done. @param limit ISO 8601 */
  async passUntil(limit: string): Promise<void> {
    for (;;) {
      const due = await this.journal.nextDue();
      if (due === undefined || due > limit) break;
      this.clock.advanceTo(due > this.clock.now() ? due : this.clock.now());
      await this.journal.releaseDue(this.clock.now(), { deadlines: true });
      await this.rest();
    }
    this.clock.advanceTo(limit);
  }
}

const deliveryOf = ({ attempts, ...row }: OutboxRow) => ({ ...row, attempt: attempts + 1 });

export const streamOf = ({
  county,
  municipality,
  month,
}: {
  readonly county: string;
  readonly municipality: string;
  readonly month: string;
}): string => `settlement:${county}:${municipality}:${month}`;

/** Two years of months whose documents go to folders: `ap` for invoices, `care` for specifications. */
export function monthsWithFolders(
  journal: Journal,
  {
    folder,
    out,
    overlay,
  }: { readonly folder: string; readonly out: string; readonly overlay: string },
): BilledMonths {
  const to = (id: string, takes: 'invoice' | 'specification') =>
    ({ id, takes, channel: 'file', folder: join(out, id), mode: 'live' }) as const;
  return new BilledMonths({
    journal,
    folder,
    now: '2029-01-25T11:00:00.000Z',
    overlays: [overlay],
    billing: { receivers: [to('ap', 'invoice'), to('care', 'specification')] },
  });
}
