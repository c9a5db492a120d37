/** PDF files are made beside the thread that takes messages in: the same bytes, whatever becomes of the thread. */
import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { ReadableDocument } from '../adapters/outbound/pdf/document.ts';
import { renderPdf } from '../adapters/outbound/pdf/render-pdf.ts';
import { pdfThread } from '../adapters/outbound/pdf/thread.ts';
import type { StartWorker } from '../adapters/start-worker.ts';
import { startWorker } from '../gateway/runtime/worker.ts';

const started: Worker[] = [];
afterEach(async () => {
  for (const worker of started.splice(0)) await worker.terminate();
});

const noted: StartWorker = (...given) => {
  const worker = startWorker(...given);
  started.push(worker);
  return worker;
};

const documentOf = (text: string, rows = 1): ReadableDocument => ({
  title: 'Specifikation mars 2022',
  blocks: [
    { kind: 'paragraph', text },
    {
      kind: 'table',
      columns: [{ header: 'Ärende', share: 1 }],
      rows: Array.from({ length: rows }, (_, index) => [`${text} ${index}`]),
    },
  ],
  footer: '14-1480-2022-03-r1',
  createdAt: '2022-04-08T00:00:00.000Z',
  id: text,
});

const sameBytes = (bytes: Uint8Array, document: ReadableDocument): boolean =>
  Buffer.compare(bytes, renderPdf(document)) === 0;

test('a document has the bytes it has anywhere else, in the order asked, by one thread for all', async () => {
  const pdf = pdfThread(noted);
  const documents = ['Åsa', 'Öberg É Ñ', 'Åsa', 'Olof Ek'].map((text) => documentOf(text));
  const made = await Promise.all(documents.map(pdf));
  expect(made.map((bytes, at) => sameBytes(bytes, documents[at] ?? fail()))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(started).toHaveLength(1);
});

test('meanwhile this thread goes on: it is asked for other things before the document is there', async () => {
  const pdf = pdfThread(noted);
  await pdf(documentOf('warm'));
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  await pdf(documentOf('long', 1000));
  clearInterval(turning);
  expect(turns).toBeGreaterThan(3);
});

test('one that cannot be made is told of alone, without a word of it', async () => {
  const pdf = pdfThread(noted);
  const broken = { ...documentOf('Testa Påhittad'), createdAt: 'Testa Påhittad' };
  const [one, other] = await Promise.allSettled([pdf(broken), pdf(documentOf('Åsa'))]);
  expect(one).toMatchObject({ status: 'rejected', reason: { code: 'assertion-failed' } });
  expect(one.status === 'rejected' && String(one.reason)).not.toContain('Testa');
  expect(other.status).toBe('fulfilled');
});

test('a thread that ends takes what it had in hand with it, and the next gets another one', async () => {
  const pdf = pdfThread(noted);
  await pdf(documentOf('warm'));
  const lost = pdf(documentOf('long', 1000));
  const behind = pdf(documentOf('Åsa'));
  void started[0]?.terminate();
  await expect(lost).rejects.toMatchObject({ code: 'assertion-failed' });
  expect(sameBytes(await behind, documentOf('Åsa'))).toBe(true);
  expect(started).toHaveLength(2);
});

test('what a thread says after it was given up is nobody’s: the next document has its own bytes', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const threads: EventEmitter[] = [];
  const pdf = pdfThread(() => {
    const thread = Object.assign(new EventEmitter(), {
      ref: () => undefined,
      unref: () => undefined,
      postMessage: () => undefined,
      terminate: () => Promise.resolve(0),
    });
    threads.push(thread);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of a Worker as is used
    return thread as unknown as Worker;
  });
  const stuck = pdf(documentOf('Åsa'));
  const behind = pdf(documentOf('Olof Ek'));
  threads[0]?.emit('message', 'ready');
  const given = expect(stuck).rejects.toMatchObject({ code: 'assertion-failed' });
  vi.advanceTimersByTime(60_000);
  await given;
  threads[0]?.emit('message', { bytes: Buffer.from('of Åsa') });
  threads[1]?.emit('message', 'ready');
  threads[1]?.emit('message', { bytes: Buffer.from('of Olof') });
  expect(String(await behind)).toBe('of Olof');
});

test('where no thread comes about it is made here', async () => {
  const none: StartWorker = () =>
    new Worker('throw new Error("no such worker")', { eval: true, execArgv: [] });
  const pdf = pdfThread(none);
  const made = await Promise.all([pdf(documentOf('Åsa')), pdf(documentOf('Olof Ek'))]);
  expect(made.map((bytes) => bytes.length > 1000)).toEqual([true, true]);
  expect(sameBytes(made[0] ?? Buffer.of(), documentOf('Åsa'))).toBe(true);
});

test('so many wait and no more', async () => {
  const pdf = pdfThread(noted);
  const asked = await Promise.allSettled(
    Array.from({ length: 510 }, (_, index) => pdf(documentOf(String(index)))),
  );
  const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  expect(refused).toEqual(Array.from({ length: 9 }, () => 'delivery-failed'));
});

function fail(): never {
  throw new Error('there is one for each');
}
