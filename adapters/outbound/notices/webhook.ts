/** Notices by signed webhook (Standard Webhooks 1.0). */
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { Outbound } from '../../adapter.ts';
import { byPost, type PostSettings } from '../ways/post.ts';
import { renderReminder } from './reminder.ts';
import { renderNotice } from './render.ts';

export interface WebhookSettings extends Omit<PostSettings, 'token'> {
  /** `whsec_…`; two while the secret is being changed. */
  readonly secrets: readonly string[];
  readonly words: MunicipalWords;
}

/**
 * One receiver reached by webhook. `webhook-id` is the delivery id and stays over attempts; the time and signature do not.
 * @throws GatewayError configuration-invalid
 */
export function webhookNotices(settings: WebhookSettings): Outbound & { close(): Promise<void> } {
  const { words } = settings;
  return {
    ...byPost(settings, { name: 'webhook', isKeyed: false }),
    channel: 'webhook',
    render: async (message) => renderNotice(message, words),
    remind: async (reminder) => renderReminder(reminder, words),
  };
}
