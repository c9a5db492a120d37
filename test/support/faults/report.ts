/** A table in test/faults: written by a run, never by hand. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/data-files.ts';
import type { Outcome } from './run.ts';

interface Row {
  readonly name: string;
  readonly sees: string;
  readonly guaranteed: string;
  readonly counted: string;
}

/** What cannot be tried where one broker of Debian runs and no container engine. */
const notVerified = [
  'RabbitMQ 4: the broker here is 3.10. What differs is written for both (explicit delivery limit), and run on 3.10 alone.',
  'A broker of several nodes: its partitions, the loss of a node, a new leader of a queue.',
  'PostgreSQL with a standby, and a change of primary.',
  'Running containers: docker-compose.yml and Dockerfile are checked by a test, and never built here.',
  'A power failure: kill -9 leaves what the kernel has; that fsync reaches the disk is the machine’s word.',
];

export class FaultReport {
  readonly #file: string;
  readonly #rows: Row[] = [];
  #messages = 0;
  #isWhole = true;

  /** @param file in test/faults */
  constructor(file: string) {
    this.#file = file;
  }

  add(name: string, sees: string, guaranteed: string, outcome: Outcome): void {
    this.#messages += outcome.messages;
    if (outcome.differences.length > 0) this.#isWhole = false;
    this.#rows.push({ name, sees, guaranteed, counted: countedIn([outcome]) });
  }

  addAll(name: string, outcomes: readonly Outcome[]): void {
    for (const { messages } of outcomes) this.#messages += messages;
    this.#rows.push({
      name,
      sees: 'connections to it break; the hospital sends again, to the other',
      guaranteed: 'nothing lost, each message and each notice once, order per case',
      counted: `${outcomes.length} deaths; ${countedIn(outcomes)}`,
    });
  }

  addPrevented(name: string, why: string): void {
    this.#rows.push({ name, sees: '–', guaranteed: '–', counted: `not tried: ${why}` });
  }

  /** @param struck how many faults make the table whole; of a part of them nothing is written, for it would take its place */
  write(struck: number): void {
    if (this.#rows.length !== 1 + struck) return;
    const folder = join(packageRoot(), 'test', 'faults');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, this.#file), this.#text());
  }

  #text(): string {
    const cell = (text: string): string => text.replaceAll('|', '\\|');
    const rows = this.#rows.map(
      ({ name, sees, guaranteed, counted }) =>
        `| ${[name, sees, guaranteed, counted].map(cell).join(' | ')} |`,
    );
    return `# Faults, and what became of them

Written by \`npm run test:long\`, never by hand.
${new Date().toISOString().slice(0, 10)}, commit ${commit()}, Node ${process.version}: ${this.#messages} messages.
${this.#isWhole ? 'Every result equalled the undisturbed one in count, order and content.' : 'NOT every result equalled the undisturbed one: see the column "counted".'}

Two instances share a PostgreSQL and a RabbitMQ of their own; hospitals tell stays of three kinds, message by message, and a
receiver keeps every call. Each fault strikes when a third has been told. Held against the undisturbed run are, case by case,
the events of the journal and the notices that the receiver took, in order and word by word but for ids and present times;
that each message is stored once; that a repeat has the same webhook-id and content; that nothing became a dead letter.

| Fault | What a user sees | What is guaranteed | Counted |
| --- | --- | --- | --- |
${rows.join('\n')}

Not verified here:

${notVerified.map((line) => `- ${line}`).join('\n')}
`;
  }
}

function countedIn(outcomes: readonly Outcome[]): string {
  const sum = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const wrong = sum(({ differences }) => differences.length);
  return [
    `${sum(({ messages }) => messages)} messages`,
    `${sum(({ resent }) => resent)} sent again`,
    `${sum(({ notices }) => notices)} notices`,
    `${sum(({ repeats }) => repeats)} repeated calls`,
    `${sum(({ restarts }) => restarts)} restarts`,
    `${sum(({ seconds }) => seconds).toFixed(0)} s`,
    wrong === 0 ? 'equal' : `**${wrong} differences**`,
  ].join(', ');
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}
