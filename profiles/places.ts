/** Law and agreement bound to places: which values hold where a region treats and a municipality pays. */
import { deepFreeze } from '../gateway/data-files.ts';
import { GatewayError } from '../gateway/errors.ts';
import { firstMonthOf } from './agreement-checks.ts';
import type { DisputeLevel, FollowUp, Opening } from './agreement-schema.ts';
import { bindingsOf } from './agreements.ts';
import type { Region } from './agreements.ts';
import type { Nation } from './nation.ts';
import type { Parameter } from './schema.ts';
import { timelineOf, underAgreement, valueOn } from './timeline.ts';
import type { Timeline, Valued } from './timeline.ts';

/** What every reader of a billing basis must be told. */
export type Remark =
  /** Whether the municipality's council adopted the agreement was not seen. */
  | 'ADOPTION_ASSUMED'
  /** The agreement ran out and is applied as prolonged; nobody has said that it was not terminated. */
  | 'EXTENSION_UNCONFIRMED'
  /** Regions have agreements with their municipalities; of this one none is entered, so the statute was applied. */
  | 'AGREEMENT_NOT_ENTERED';

/** The parameters in force in one place: functions of date. Every place is made once. */
export interface Parameters {
  /**
   * @param name `<stem>.<name>`
   * @param date local date of the legal fact, `YYYY-MM-DD`
   * @throws GatewayError assertion-failed for a name that no file has
   */
  valueOn(name: string, date: string): Valued;
  /**
   * The same treating region with a municipality as payer: where it is party to the region's agreement, the agreement holds
   * from its dates (4 kap. 5 §); every other municipality has the statute.
   *
   * @param municipality SCB code; undefined while nobody is known to pay
   */
  under(municipality: string | undefined): Parameters;
  /**
   * The agreement that binds the payer.
   * @param date `YYYY-MM-DD`
   * @returns undefined where the statute holds
   */
  agreementOn(date: string): AgreementOn | undefined;
  /**
   * What is to be told of a billing basis made on this date's values.
   * @param date `YYYY-MM-DD`
   */
  remarksOn(date: string): readonly Remark[];
}

/** An agreement as it binds one municipality on a date. */
export interface AgreementOn {
  readonly title: string;
  readonly county: string;
  /** Where it says that it holds then. */
  readonly reference: string;
  readonly status: 'in-force' | 'extension-unconfirmed' | 'unseen';
  readonly adopted: 'yes' | 'assumed';
  readonly adoptionReference: string;
  readonly followUp: FollowUp;
  readonly disputes: readonly DisputeLevel[];
  /** What the months before `month`, the first one settled here, handed over; entered at going live. */
  readonly opening?: Opening;
  /** First whole month in which it was in force: a run of months starts there. */
  readonly firstMonth: string;
}

export interface Place {
  /** SCB code of the treating region's county. */
  readonly county?: string;
  /** SCB code of the municipality that pays. */
  readonly municipality?: string;
}

interface Stretch {
  readonly from: string;
  readonly agreement: AgreementOn | undefined;
  readonly remarks: readonly Remark[];
}
type Timelines = ReadonlyMap<string, Timeline>;

const told = {
  nothing: Object.freeze([]),
  notEntered: Object.freeze(['AGREEMENT_NOT_ENTERED']),
} satisfies Record<string, readonly Remark[]>;

/**
 * @param law by `<stem>.<name>`
 * @param regions those whose agreement is entered, checked
 * @returns parameters by place; no county, or one there is not, has the statute
 */
export function bindPlaces(
  law: ReadonlyMap<string, Parameter>,
  regions: readonly Region[],
  nation: Nation,
): (place: Place) => Parameters {
  const statute: Timelines = new Map(
    [...law].map(([name, stated]) => [name, timelineOf(name, stated)]),
  );
  const counties = new Map(
    nation.counties.map((county) => {
      const region = regions.find((one) => one.county === county);
      return [county, bindCounty(statute, law, nation, county, region)];
    }),
  );
  const nowhere = parametersOf(statute, [], () => nowhere);
  return ({ county = '', municipality }) => (counties.get(county) ?? nowhere).under(municipality);
}

function bindCounty(
  statute: Timelines,
  law: ReadonlyMap<string, Parameter>,
  nation: Nation,
  county: string,
  region: Region | undefined,
): Parameters {
  const payers = new Map<string, Parameters>();
  const under = (municipality: string | undefined): Parameters =>
    (municipality === undefined ? undefined : payers.get(municipality)) ?? anyone;
  const anyone = parametersOf(statute, [], under);
  if (region === undefined) {
    const unknown = [{ from: '', agreement: undefined, remarks: told.notEntered }];
    for (const code of nation.municipalitiesOf(county)) {
      // Gotland has nobody to agree with.
      if (code === nation.municipalityOutsideRegions) continue;
      payers.set(code, parametersOf(statute, unknown, under));
    }
    return anyone;
  }
  const agreed = agreedTimelines(statute, law, region);
  for (const code of region.municipalities) {
    const stretches = stretchesOf(region, code);
    if (stretches !== undefined) payers.set(code, parametersOf(agreed, stretches, under));
  }
  return anyone;
}

/** Every parameter as it is for the parties: the agreement's value where it sets one, else the statute's. */
function agreedTimelines(
  statute: Timelines,
  law: ReadonlyMap<string, Parameter>,
  { agreement }: Region,
): Timelines {
  const spans = bindingsOf(agreement).map(({ from, until, status, reference }) => ({
    from,
    until,
    isSeen: status !== 'unseen',
    reference,
  }));
  return new Map(
    [...statute].map(([name, timeline]) => {
      const parameter = law.get(name);
      if (parameter === undefined || parameter.agreement === 'forbidden') return [name, timeline];
      const stated = agreement.parameters[name];
      const own = stated && timelineOf(name, { ...stated, per: parameter.per });
      // What no section orders has a value of its own, also while an agreement is known of that was not seen.
      const isOrdered = parameter.agreement !== 'guideline';
      const binding = isOrdered ? spans : spans.filter(({ isSeen }) => isSeen);
      return [name, underAgreement(timeline, own, binding)];
    }),
  );
}

/** @returns undefined for a municipality that did not adopt the agreement */
function stretchesOf(
  { county, agreement }: Region,
  municipality: string,
): readonly Stretch[] | undefined {
  const { title, periods, adoption, followUp, disputes } = agreement;
  const { adopted, reference: adoptionReference } =
    adoption.municipalities?.[municipality] ?? adoption.default;
  if (adopted === 'no') return undefined;
  const opening = agreement.opening?.[municipality];
  const bindings = bindingsOf(agreement);
  // Before the first agreement that is entered, and after the last, another may have held.
  const stretches: Stretch[] = [{ from: '', agreement: undefined, remarks: told.notEntered }];
  for (const { from, status, reference } of bindings) {
    const remarks: Remark[] = [];
    if (adopted === 'assumed') remarks.push('ADOPTION_ASSUMED');
    if (status === 'extension-unconfirmed') remarks.push('EXTENSION_UNCONFIRMED');
    const bound: AgreementOn = {
      title,
      county,
      reference,
      status,
      adopted,
      adoptionReference,
      followUp,
      disputes,
      ...(opening && { opening }),
      firstMonth: firstMonthOf(periods),
    };
    stretches.push(deepFreeze({ from, agreement: bound, remarks }));
  }
  const end = bindings.at(-1)?.until;
  if (end !== undefined) {
    stretches.push({ from: end, agreement: undefined, remarks: told.notEntered });
  }
  return stretches;
}

function parametersOf(
  timelines: Timelines,
  stretches: readonly Stretch[],
  under: (municipality: string | undefined) => Parameters,
): Parameters {
  return Object.freeze({
    valueOn(name: string, date: string) {
      const timeline = timelines.get(name);
      if (timeline === undefined) {
        throw new GatewayError('assertion-failed', `no parameter is called ${name}`);
      }
      return valueOn(timeline, date);
    },
    under,
    agreementOn: (date: string) => stretchOn(stretches, date)?.agreement,
    remarksOn: (date: string) => stretchOn(stretches, date)?.remarks ?? told.nothing,
  });
}

function stretchOn(stretches: readonly Stretch[], date: string): Stretch | undefined {
  for (let index = stretches.length - 1; index >= 0; index--) {
    const stretch = stretches[index];
    if (stretch !== undefined && stretch.from <= date) return stretch;
  }
  return undefined;
}
