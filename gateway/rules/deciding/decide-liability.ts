/** Liability as the facts have it against what was decided of it: start, end, revise, revoke, withhold. */
import type { EventData } from '../../process/events.ts';
import type { DischargeProcess, LiabilityHistory } from '../../process/state.ts';
import { assert } from '../../errors.ts';
import type { Draft } from './draft.ts';
import type { WantedLiability } from '../rule.ts';
import type { Reason } from '../sentences/reasons.ts';

/** @param draft the events go there */
export function decideLiability(
  process: DischargeProcess,
  wants: readonly WantedLiability[],
  draft: Draft,
): void {
  const standing = new Set<string>();
  for (const want of wants) {
    const occasion = draft.occasionOf(want.about);
    const key = draft.keyOf(`payment-liability|${occasion}`);
    standing.add(key);
    const last = process.history.liability.get(key);
    const { outcome } = want;
    if (outcome.state === 'arisen') decideArisen(last, want, outcome, key, occasion, draft);
    else if (outcome.state === 'withheld')
      decideWithheld(last, want, outcome, key, occasion, draft);
    else revoke(last, outcome.reason, want.about.id, want.reference, draft);
  }
  if (!draft.takesBack) return;
  for (const last of process.history.liability.values()) {
    if (standing.has(last.key)) continue;
    const { occasion } = last;
    revoke(last, 'READINESS_CANCELLED', occasion, '5 kap. 1–5 §§ lag (2017:612)', draft);
  }
}

type Arisen = Extract<WantedLiability['outcome'], { state: 'arisen' }>;
type Withheld = Extract<WantedLiability['outcome'], { state: 'withheld' }>;

type Standing = LiabilityHistory & { readonly state: 'running' | 'ended' };
const isStanding = (last: LiabilityHistory | undefined): last is Standing =>
  last?.state === 'running' || last?.state === 'ended';

function decideArisen(
  last: LiabilityHistory | undefined,
  want: WantedLiability,
  { from, until, reason }: Arisen,
  key: string,
  occasion: string,
  draft: Draft,
): void {
  const { county, municipality } = want;
  assert(county !== undefined && municipality !== undefined, 'liability without a payer');
  const cause = want.about.id;
  const revision = (last?.revision ?? 0) + 1;
  const running: EventData<'liability.started'> = {
    key,
    revision,
    occasion,
    county,
    municipality,
    from,
    reason,
    reference: want.reference,
  };
  const ended = until === undefined ? undefined : { ...running, until };
  if (!isStanding(last)) {
    draft.add('liability.started', key, revision, cause, { ...running, reason: started(reason) });
    if (ended === undefined) return;
    draft.add('liability.ended', key, revision + 1, cause, { ...ended, revision: revision + 1 });
    return;
  }
  const isSameStart =
    last.from === running.from && last.municipality === municipality && last.county === county;
  if (isSameStart && last.until === ended?.until) return;
  if (isSameStart && last.state === 'running' && ended !== undefined) {
    draft.add('liability.ended', key, revision, cause, ended);
    return;
  }
  draft.add('liability.revised', key, revision, cause, ended ?? running);
}

const started = (reason: Reason): Reason =>
  reason === 'LIABILITY_ENDED' ? 'LIABILITY_RUNNING' : reason;

function decideWithheld(
  last: LiabilityHistory | undefined,
  want: WantedLiability,
  { reason, status }: Withheld,
  key: string,
  occasion: string,
  draft: Draft,
): void {
  if (isStanding(last)) return revoke(last, reason, want.about.id, want.reference, draft);
  if (last?.reason === reason && (last.status ?? status) === status) return;
  const revision = (last?.revision ?? 0) + 1;
  draft.add('liability.withheld', key, revision, want.about.id, {
    key,
    revision,
    occasion,
    ...(want.county !== undefined && { county: want.county }),
    ...(want.municipality !== undefined && { municipality: want.municipality }),
    reason,
    status,
    reference: want.reference,
  });
}

function revoke(
  last: LiabilityHistory | undefined,
  reason: Reason,
  cause: string,
  reference: string,
  draft: Draft,
): void {
  if (!isStanding(last)) return;
  const { key, occasion, county, municipality, from, until } = last;
  assert(county !== undefined && municipality !== undefined && from, 'liability without a start');
  const revision = last.revision + 1;
  draft.add('liability.revoked', key, revision, cause, {
    key,
    revision,
    occasion,
    county,
    municipality,
    from,
    ...(until !== undefined && { until }),
    reason,
    reference,
  });
}
