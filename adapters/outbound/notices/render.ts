/**
 * A notice as a municipality's system reads it: Standard Webhooks' `{type, timestamp, data}` in JSON, with the Swedish
 * text and the fields that `mappings/municipal` lists for the obligation. Pure.
 */
import { assert } from '../../../gateway/errors.ts';
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { OutboundMessage, Rendered } from '../../adapter.ts';
import { noticeText, spellLine, timeOf } from './notice-text.ts';

/**
 * Renders a notice. A withdrawal names the case and nothing of the person.
 * @throws GatewayError unroutable for a notice that is held for a person (protected identity)
 */
export function renderNotice(message: OutboundMessage, words: MunicipalWords): Rendered {
  assert(message.kind === 'notice', 'a notice channel carries notices');
  const { notice, event, action, deliveryId, caseReference } = message;
  const { title, lines, reference, content, missing } = noticeText(message, words);
  const body = {
    type: `notice.${action}`,
    timestamp: event.occurredAt,
    data: {
      caseReference,
      deliveryId,
      noticeId: event.id,
      revision: notice.revision,
      ...(notice.corrects === undefined ? {} : { corrects: notice.corrects }),
      ...(notice.changes === undefined ? {} : { changes: notice.changes }),
      obligation: notice.obligation,
      role: notice.role,
      ...(notice.county === undefined ? {} : { county: notice.county }),
      ...(notice.municipality === undefined ? {} : { municipality: notice.municipality }),
      decidedAt: timeOf(event.occurredAt).value,
      reference: notice.reference,
      ...(action === 'withdrawn' ? {} : { content, missing }),
      text: { language: 'sv', title, body: lines.map(spellLine).join('\n'), reference },
    },
  };
  return {
    contentType: 'application/json',
    parts: [{ name: `${deliveryId}.json`, body: `${JSON.stringify(body, null, 2)}\n` }],
  };
}
