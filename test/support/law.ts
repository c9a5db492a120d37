/** One stay played through the law, and what the tests of it share. `region.ts` plays several on one time line. */
import { Temporal } from 'temporal-polyfill';
import type { DischargeEvent, EventType } from '../../gateway/process/events.ts';
import type { DischargeProcess, StoredLike } from '../../gateway/process/state.ts';
import type { DecideOptions } from '../../gateway/rules/decide.ts';
import type { Finding } from '../../gateway/rules/rule.ts';
import { loadProfiles } from '../../profiles/index.ts';
import type { Parameters } from '../../profiles/index.ts';
import { PlayedRegion } from './region.ts';
import type { GivenDelivery, GivenFact } from './region.ts';

export { factOf } from './region.ts';
export type { GivenDelivery, GivenFact } from './region.ts';

/** `2022-03-07 11:59` or `11:59:30` local time → ISO 8601 UTC with milliseconds. */
export function localTime(text: string): string {
  const [date = '', time = '00:00'] = text.trim().split(/[ T]/);
  const local = Temporal.PlainDateTime.from(`${date}T${time}`);
  const instant = local.toZonedDateTime('Europe/Stockholm').toInstant();
  return new Date(instant.epochMilliseconds).toISOString();
}

export const shippedProfiles = loadProfiles();
/** The statute, where no agreement binds. */
export const shippedLaw: Parameters = shippedProfiles.parametersOf({});
export const processId = 'process-1';

/** A stay being played. */
export class PlayedStay {
  readonly #region: PlayedRegion;

  constructor(
    deliveries: readonly GivenDelivery[] = [],
    parameters: Parameters = shippedLaw,
    options: DecideOptions = {},
  ) {
    this.#region = new PlayedRegion(parameters, options).add({ processId, deliveries, facts: [] });
  }

  /** Plays facts and everything that follows from them up to a time. */
  play(facts: readonly GivenFact[], until: string): this {
    this.#region.add({ processId, facts }).playUntil(until);
    return this;
  }

  get history(): readonly StoredLike[] {
    return this.#region.history(processId);
  }

  get now(): string {
    return this.#region.now;
  }

  process(): DischargeProcess {
    return this.#region.process(processId);
  }

  findings(): Finding[] {
    return this.#region.findings(processId);
  }

  /** Events of one type, oldest first, those of settlements too. */
  events<T extends EventType>(type: T): Extract<DischargeEvent, { type: T }>[] {
    return this.#region.events(type);
  }

  /** Sum of what has been billed, in öre; undefined while nothing is. */
  billedOre(): number | undefined {
    const records = this.events('billing.recorded');
    const adjustments = this.events('billing.adjusted');
    if (records.length === 0) return undefined;
    const recorded = records.reduce((sum, { data }) => sum + data.totalOre, 0);
    return adjustments.reduce((sum, { data }) => sum + data.differenceOre, recorded);
  }

  /** Decides again; what follows is played too. */
  advance(): void {
    this.#region.nudge(processId);
  }

  /** Settles every month again, as a nudge would. */
  nudgeSettlements(): void {
    this.#region.nudgeSettlements();
  }
}
