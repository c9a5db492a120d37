/** Reads of what proves what was done in a case. */
import { hash } from 'node:crypto';
import type { DeliveryRow, RecordedMessage } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import { deliveryColumns, toDelivery, type DeliveryColumns } from './deliveries.ts';

interface Head {
  readonly place: number;
  readonly messageId: string;
  readonly sender: string | null;
  readonly controlId: string | null;
  readonly kind: string | null;
  readonly state: string;
  readonly receivedAt: string;
  readonly mappingRevision: string | null;
  readonly digest: Uint8Array;
}

export function prepareRecordReads(sql: Sql) {
  const heads = sql.prepare(
    `SELECT sequence AS place, message_id AS "messageId", sender, control_id AS "controlId", kind,
       state, received_at AS "receivedAt", mapping_revision AS "mappingRevision", digest
     FROM messages WHERE message_id IN ${sql.list('?1')} OR stay_id IN ${sql.list('?2')}
     ORDER BY sequence`,
  );
  const bytesOf = sql.prepare('SELECT raw, answer FROM messages WHERE sequence = ?');
  const deliveries = sql.prepare(
    `SELECT ${deliveryColumns} FROM deliveries WHERE stream IN ${sql.list('?1')} ORDER BY sequence`,
  );

  return {
    // Bytes are read one message after the other: a case of thousands of large ones fits.
    *messagesOf(
      ids: readonly string[],
      stays: readonly string[],
    ): Step<readonly RecordedMessage[]> {
      const found: RecordedMessage[] = [];
      for (const head of yield* heads.all<Head>(JSON.stringify(ids), JSON.stringify(stays))) {
        const { place, sender, controlId, kind, mappingRevision, digest, ...rest } = head;
        const row = yield* bytesOf.get<{ raw: Uint8Array; answer: Uint8Array | null }>(place);
        const { raw = new Uint8Array(), answer = null } = row ?? {};
        found.push({
          ...rest,
          sender: sender ?? undefined,
          controlId: controlId ?? undefined,
          kind: kind ?? undefined,
          mappingRevision: mappingRevision ?? undefined,
          digest: Buffer.from(digest).toString('hex'),
          bytes: raw.length,
          sha256: raw.length === 0 ? undefined : hash('sha256', raw, 'hex'),
          answerSha256:
            answer === null || answer.length === 0 ? undefined : hash('sha256', answer, 'hex'),
        });
      }
      return found;
    },
    *deliveriesOf(streams: readonly string[]): Step<readonly DeliveryRow[]> {
      const rows = yield* deliveries.all<DeliveryColumns>(JSON.stringify(streams));
      return rows.map(toDelivery);
    },
  };
}
