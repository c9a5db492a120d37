/** Hears what other instances do. A notification that is missed costs time and nothing else. */
import type { Client } from 'pg';
import { connect, type ConnectionSettings } from './connection.ts';

const retryMs = 1_000;

/**
 * Listens until told otherwise; a connection that is lost is opened anew.
 * @param self whose notifications are no news
 * @param heard what to do, by channel; also done when it listens again, for what was told while nobody did
 * @returns a function that ends it
 */
export function listen(
  settings: ConnectionSettings,
  self: string,
  heard: Readonly<Record<string, () => void>>,
): () => Promise<void> {
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isAgain = false;

  async function open(): Promise<void> {
    try {
      const opened = await connect(settings, 'listener');
      client = opened;
      opened.once('end', again);
      opened.on('notification', ({ channel, payload }) => {
        if (payload !== self) heard[channel]?.();
      });
      await Promise.all(Object.keys(heard).map((channel) => opened.query(`LISTEN ${channel}`)));
      if (isAgain) for (const tell of Object.values(heard)) tell();
      if (isClosed) await opened.end();
    } catch {
      again();
    }
  }

  function again(): void {
    if (isClosed) return;
    isAgain = true;
    clearTimeout(timer);
    timer = setTimeout(() => void open(), retryMs);
  }

  void open();
  return async () => {
    isClosed = true;
    clearTimeout(timer);
    await client?.end().catch(() => undefined);
  };
}
