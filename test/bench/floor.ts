/**
 * The floor: a bare server that frames, journals in groups and answers; nothing else. What the gateway adds to it is
 * what the gateway costs. Run as a process of its own: prints its port, takes the folder and a sync delay.
 */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

const [folder = '.', delayText = '0'] = process.argv.slice(2);
const syncDelayMs = Number(delayText);
const database = new DatabaseSync(join(folder, 'floor.sqlite'));
database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE m(raw BLOB)');
const insert = database.prepare('INSERT INTO m VALUES (?)');
const pause = new Int32Array(new SharedArrayBuffer(4));

let waiting: { socket: Socket; raw: Buffer; id: string }[] = [];

function commitGroup(): void {
  const group = waiting;
  waiting = [];
  database.exec('BEGIN');
  for (const { raw } of group) insert.run(raw);
  if (syncDelayMs > 0) Atomics.wait(pause, 0, 0, syncDelayMs);
  database.exec('COMMIT');
  for (const { socket, id } of group) {
    socket.write(`\u000BMSH|^~\\&|A|B|C|D|20220303142000||ACK|1|P|2.5\rMSA|AA|${id}\r\u001C\r`);
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0x1c); end >= 0; end = rest.indexOf(0x1c)) {
      const raw = rest.subarray(1, end);
      rest = rest.subarray(end + 2);
      if (waiting.length === 0) setImmediate(commitGroup);
      waiting.push({ socket, raw, id: raw.toString('latin1', 0, 200).split('|')[9] ?? '' });
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
