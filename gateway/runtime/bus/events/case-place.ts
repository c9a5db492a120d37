/**
 * Where a case belongs, for the routing key of its events.
 *
 * Most events do not say it: a deadline names no municipality. It is folded from the case's own events, once a case, and
 * kept for the cases that were last heard of; every later event passes through here and keeps it up to date. So a case
 * costs one read of its streams, not one an event, and no table of its own.
 *
 * A case that is read anew is placed as the journal knows it now. Somebody who has been protected since an event happened
 * is so in it too when it is sent again.
 */
import type { DischargeEvent, PatientCodes } from '../../../process/events.ts';
import type { Journal, LoadedProcess, StoredEvent } from '../../journal/journal.ts';

export interface CasePlace {
  /** The case's reference, or the settlement's stream. */
  readonly subject: string;
  /** Absent for a settlement. */
  readonly stayId: string | undefined;
  /** SCB codes; `00` and `0000` where unknown, `0000` for protected persons. */
  readonly county: string;
  readonly municipality: string;
}

export interface CasePlaces {
  /** Of the case of an event, the event itself counted in. Events come in the journal's order. */
  of(stored: StoredEvent): Promise<CasePlace>;
}

const unknownCounty = '00';
const unknownMunicipality = '0000';
const settlement = /^settlement:(\d{2}):(\d{4}):/;
/** Cases remembered; each is a few hundred bytes. */
const remembered = 20_000;

/** What is known of a case. Its stays share it. */
interface Known {
  readonly caseId: string;
  readonly stays: readonly string[];
  /** The last event that is counted in. */
  position: number;
  county: string | undefined;
  registered: string | undefined;
  placed: string | undefined;
  isProtected: boolean;
}

export function casePlaces(journal: Pick<Journal, 'load'>): CasePlaces {
  /** By stay; the longest unheard of first. */
  const known = new Map<string, Known>();

  async function knownOf(stayId: string): Promise<Known> {
    const found = known.get(stayId) ?? knownFrom(stayId, await journal.load(stayId));
    for (const id of new Set([stayId, ...found.stays])) {
      known.delete(id);
      known.set(id, found);
    }
    for (const id of known.keys()) {
      if (known.size <= remembered) break;
      known.delete(id);
    }
    return found;
  }

  function forget(...stays: readonly string[]): void {
    for (const id of stays) {
      for (const one of known.get(id)?.stays ?? []) known.delete(one);
      known.delete(id);
    }
  }

  return {
    async of({ position, event }) {
      // An invoice stands in its series; what it is about is the settlement.
      const stayId = event.type === 'billing.issued' ? event.correlationId : event.stayId;
      const [, county, municipality] = settlement.exec(stayId) ?? [];
      if (county !== undefined && municipality !== undefined) {
        return { subject: stayId, stayId: undefined, county, municipality };
      }
      // Which stays are one case changes with it: read anew.
      if (event.type === 'stay.linked' || event.type === 'stay.unlinked') {
        forget(stayId, event.data.linkedStayId);
      }
      const one = await knownOf(stayId);
      if (position > one.position) countIn(one, { position, event });
      const own = ownPlace(event);
      return {
        subject: one.caseId,
        stayId,
        county: own.county ?? one.county ?? unknownCounty,
        municipality: one.isProtected
          ? unknownMunicipality
          : (own.municipality ?? one.placed ?? one.registered ?? unknownMunicipality),
      };
    },
  };
}

function knownFrom(stayId: string, loaded: LoadedProcess | undefined): Known {
  const one: Known = {
    caseId: loaded?.processId ?? stayId,
    stays: loaded?.stays.map((stay) => stay.stayId) ?? [stayId],
    position: 0,
    county: undefined,
    registered: undefined,
    placed: undefined,
    isProtected: false,
  };
  const events = loaded?.events ?? [];
  for (const stored of events.toSorted((a, b) => a.position - b.position)) countIn(one, stored);
  return one;
}

function countIn(one: Known, { position, event }: StoredEvent): void {
  one.position = position;
  switch (event.type) {
    case 'patient.admitted':
      one.county = event.data.county ?? one.county;
      countCodes(one, event.data.patient);
      break;
    case 'patient.identity-changed':
    case 'patient.merged':
      countCodes(one, event.data.patient);
      break;
    case 'placement.decided':
      one.placed = event.data.municipality;
      break;
    default:
  }
}

/** What is left out was not said: the earlier statement stands. */
function countCodes(one: Known, codes: PatientCodes | undefined): void {
  if (codes === undefined) return;
  one.registered = codes.municipality ?? one.registered;
  if (codes.protection !== undefined) one.isProtected = codes.protection !== 'none';
}

/** Who an event itself says it is about: a notice its addressee, a count its payer. */
function ownPlace({ data }: DischargeEvent): { county?: string; municipality?: string } {
  return {
    ...('county' in data && data.county !== undefined && { county: data.county }),
    ...('municipality' in data &&
      data.municipality !== undefined && { municipality: data.municipality }),
  };
}
