/**
 * What an Encounter means: the inpatient stay. It is a snapshot, so its facts are what this version says and the version
 * before did not; a stay that was not, or is no longer, is cancelled.
 */
import type { Encounter } from 'fhir/r4.js';
import type { StayReference, Translation } from '../../../adapter.ts';
import { encounterFunctions, sinceStatus } from './encounter-functions.ts';
import {
  classesOf,
  earlierScene,
  isStay,
  quietStanding,
  sceneOf,
  standingOf,
} from './encounter-scene.ts';
import type { Standing } from './encounter-scene.ts';
import { newFacts, soleFact, waitFor } from './facts.ts';
import { listOf } from './references.ts';
import { asEncounter } from './shape.ts';
import { stayNamedBy, stayOf, subjectOf } from './stay.ts';
import { malformed } from './work.ts';
import type { Work } from './work.ts';

/** @throws GatewayError malformed-message with the FHIRPath expression in `location` */
export function meaningOfEncounter(work: Work): Translation {
  const encounter = asEncounter(work.exchange.resource);
  const { unmapped, warnings } = work;
  const standing = standingOf(work, encounter);
  const earlier = quietStanding(work);
  const classes = classesOf(work, standing);
  const silence = silenceOf(standing, earlier, isStay(standing, classes));
  if (silence !== undefined) return { facts: [], unmapped: [], warnings, ignored: silence };
  const stay = stayKept(work, encounter, earlier);
  const person = subjectOf(encounter.subject, encounter, work, 'Encounter.subject');
  const about = { stay, patient: person.identity };
  if (standing.progress === 'planned' || standing.progress === 'cancelled') {
    const cameFrom = earlier ? [earlier.encounter.status] : begunStatuses;
    const facts = [soleFact(work, 'admission.cancelled', sinceStatus(encounter, cameFrom))];
    return { ...about, facts, unmapped: [], warnings };
  }
  // Whether inpatient care ended by the change of class depends on what the class was.
  if (standing.inpatient === false && earlier) waitFor(work, earlier.unmapped);
  const scene = sceneOf(work, standing, classes, person, earlier);
  const before = earlier && spoke(earlier) ? earlierScene(work, earlier) : undefined;
  const facts = newFacts(work, 'Encounter', scene, before, encounterFunctions);
  const isSilent = facts.length === 0 && unmapped.length === 0;
  const because = work.understood.length === 0 ? '' : `: ${work.understood.join(', ')}`;
  return {
    ...about,
    facts,
    unmapped,
    warnings,
    ...(isSilent && { ignored: `Encounter says nothing that was not said before${because}` }),
  };
}

/**
 * The stay that it names, which is that of the version before: what was told of that one would stand there for ever, and
 * count here as told. One that never was is cancelled where it was told.
 * @throws GatewayError malformed-message where another is named, or none
 */
function stayKept(work: Work, encounter: Encounter, earlier: Standing | undefined): StayReference {
  const was =
    earlier && spoke(earlier) ? stayNamedBy(listOf(earlier.encounter.identifier), work) : undefined;
  if (was !== undefined && encounter.status === 'entered-in-error') return was;
  const stay = stayOf(encounter, work);
  if (was === undefined || was.by !== stay.by || JSON.stringify(was) === JSON.stringify(stay)) {
    return stay;
  }
  throw malformed(
    'business-rule',
    'another stay than the version before: send this Encounter as entered-in-error, and a new one of the other stay',
    'Encounter.identifier',
  );
}

const begunStatuses = ['in-progress', 'onleave', 'finished'];

/**
 * Whether a version was one of a stay that had begun: what it said was told, and where its class waits for a table, what
 * does not depend on it.
 */
function spoke({ progress, inpatient }: Standing): boolean {
  return (progress === 'begun' || progress === 'ended') && inpatient !== false;
}

/** Why it says nothing of a stay; undefined where it says something. */
function silenceOf(
  { encounter, progress }: Standing,
  earlier: Standing | undefined,
  isOfStay: boolean,
): string | undefined {
  const wasStay = earlier !== undefined && spoke(earlier);
  const { status } = encounter;
  if (progress === 'silent') return `Encounter.status ${status} says nothing of the stay`;
  if (!isOfStay && !wasStay) {
    return `Encounter.class ${shownClass(encounter)} is no inpatient care`;
  }
  if (progress === 'planned' && !wasStay) return `Encounter.status ${status}: it has not begun`;
  if (progress === 'cancelled' && earlier?.progress === 'cancelled') {
    return `Encounter.status ${status} was told before`;
  }
  return undefined;
}

/** A code of the table is shown; it may be anything else. */
function shownClass({ class: { code } }: Standing['encounter']): string {
  return code !== undefined && /^[A-Z0-9]{1,10}$/.test(code) ? code : '';
}
