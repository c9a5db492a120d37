/**
 * The floor of FHIR: a bare HTTP server that parses JSON, journals in groups and answers 201; nothing else. Run as a
 * process of its own: prints its port, takes the folder and a sync delay.
 */
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

const [folder = '.', delayText = '0'] = process.argv.slice(2);
const syncDelayMs = Number(delayText);
const database = new DatabaseSync(join(folder, 'floor.sqlite'));
database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE m(raw BLOB)');
const insert = database.prepare('INSERT INTO m VALUES (?)');
const pause = new Int32Array(new SharedArrayBuffer(4));

let waiting: { response: ServerResponse; raw: Buffer }[] = [];

function commitGroup(): void {
  const group = waiting;
  waiting = [];
  database.exec('BEGIN');
  for (const { raw } of group) insert.run(raw);
  if (syncDelayMs > 0) Atomics.wait(pause, 0, 0, syncDelayMs);
  database.exec('COMMIT');
  for (const { response } of group) response.writeHead(201, { 'Content-Length': 0 }).end();
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const raw = Buffer.concat(chunks);
    JSON.parse(raw.toString('utf8'));
    if (waiting.length === 0) setImmediate(commitGroup);
    waiting.push({ response, raw });
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
