/** What the law says of a process: every rule, in the order of the statute. */
import type { Parameters } from '../../profiles/index.ts';
import type { DischargeProcess } from '../process/state.ts';
import { admissionNotice } from './admission-notice.ts';
import { careContact } from './care-contact.ts';
import { carePlanning } from './care-planning.ts';
import { dischargeNotice } from './discharge-notice.ts';
import { dischargeReadyNotice } from './discharge-ready-notice.ts';
import { informationTransfer } from './information-transfer.ts';
import { paymentLiability } from './payment-liability.ts';
import { FigureMissing, finding } from './rule.ts';
import type { Finding, Rule } from './rule.ts';
import { settlement } from './settlement.ts';

/** Chapters 2 to 5 of lag (2017:612). A later section may rest on the findings of an earlier one. */
export const rules: readonly Rule[] = [
  admissionNotice,
  careContact,
  dischargeReadyNotice,
  informationTransfer,
  dischargeNotice,
  carePlanning,
  paymentLiability,
  settlement,
];

/**
 * Assesses a process by every rule. Pure: the same process, parameters and time give the same findings.
 *
 * @param nowMs legal time; it decides only whether something is still in time
 * @returns findings in the order of the statute; a missing figure of law is one too, never an exception
 */
export function assess(
  process: DischargeProcess,
  parameters: Parameters,
  nowMs: number,
): Finding[] {
  const findings: Finding[] = [];
  for (const rule of rules) findings.push(...assessBy(rule, process, parameters, nowMs, findings));
  return findings;
}

function assessBy(
  rule: Rule,
  process: DischargeProcess,
  parameters: Parameters,
  nowMs: number,
  earlier: readonly Finding[],
): readonly Finding[] {
  try {
    return rule.assess(process, parameters, nowMs, earlier);
  } catch (error) {
    if (!(error instanceof FigureMissing)) throw error;
    const { parameter: name, date } = error.missing;
    return [finding(rule, 'unknown', 'PARAMETER_MISSING', { fill: { name, date } })];
  }
}
