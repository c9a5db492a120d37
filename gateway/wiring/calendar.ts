/** What is looked at once when the gateway starts, and by whoever takes it over: months to be opened, and what was withheld. */
import type { Mappings } from '../../mappings/index.ts';
import type { Profiles } from '../../profiles/index.ts';
import { openMonths, periodOf, type AdvanceParts } from '../advance.ts';
import { foldSettlement } from '../rules/settlement.ts';
import { isOfOtherModel } from '../rules/settling/other-model.ts';
import { firstDayOf } from '../rules/settling/settlement-month.ts';
import type { Config } from '../runtime/config.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import { persistently } from './persistently.ts';

/** Looks through the calendar by the profiles of this process. */
export async function lookThroughCalendar(
  parts: AdvanceParts,
  mappings: Mappings,
  config: Config,
): Promise<void> {
  const { journal, profiles, clock, isSenderLive } = parts;
  await persistently(() => reconsiderWithheld(journal, profiles));
  // In shadow nothing is billed, so no month is settled either.
  const live = mappings.senders.filter(({ id }) => isSenderLive(id, clock.now()));
  const served = new Set(live.map(({ county }) => county));
  await persistently(() => openMonths(parts, served, config.billing.municipalities));
}

/** A figure that was missing may stand in the profiles now, and an agreement: for a whole month, or for single cases of it. */
async function reconsiderWithheld(journal: Journal, profiles: Profiles): Promise<void> {
  const { outbox } = journal;
  const waiting = [
    ...(await journal.unjudgedCases()).map(({ stayId, processId }) => [stayId, processId] as const),
    ...(await countedByOtherModel(journal, profiles)),
    ...(await journal.withheldSettlements()).map((stream) => [stream, stream] as const),
  ];
  // Together: the journal commits in groups.
  for (let first = 0; first < waiting.length; first += nudgesAtOnce) {
    const some = waiting.slice(first, first + nudgesAtOnce);
    await Promise.all(some.map(([stream, lane]) => outbox.nudge(stream, lane)));
  }
}

const nudgesAtOnce = 500;

/** An agreement may have been entered or taken away since: what was counted by the other model is counted anew. */
async function countedByOtherModel(
  journal: Journal,
  profiles: Profiles,
): Promise<(readonly [stayId: string, processId: string])[]> {
  const months = [
    ...(await journal.openSettlements()),
    ...(await journal.withheldSettlements('settlement.basis')),
  ];
  const found = new Map<string, string>();
  for (const stream of months) {
    const period = periodOf(stream);
    const parameters = profiles.parametersOf(period);
    const basis = parameters.valueOn('settlement.basis', firstDayOf(period.month));
    if (!basis.known) continue;
    const { cases } = foldSettlement((await journal.loadSettlement(stream)).events, period);
    for (const { data, stayId } of cases.values()) {
      if (isOfOtherModel(data, String(basis.value))) found.set(stayId, data.caseReference);
    }
  }
  return [...found];
}
