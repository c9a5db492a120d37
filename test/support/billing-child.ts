/**
 * A process that approves month after month and sends what was issued, until it is killed. It says the number of each
 * invoice once its approval has been answered; arguments: its data, where documents go, parameters of the region, and the
 * month to begin with.
 */
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import { line, monthsWithFolders, streamOf } from './billed-months.ts';

const municipalities = ['1315', '1380', '1381', '1382', '1383', '1384'];
const [folder = '', out = '', overlay = '', first = '0'] = process.argv.slice(2);
const journal = await openEmbeddedJournal({ folder });
const months = monthsWithFolders(journal, { folder, out, overlay });
for (let index = Number(first); ; index += 1) {
  const month = new Date(Date.UTC(2027, Math.floor(index / 6), 1)).toISOString().slice(0, 7);
  const period = { county: '13', municipality: municipalities[index % 6] ?? '', month };
  const { version } = await journal.loadStream(streamOf(period));
  if (version === 0) await months.record(period, [line('c1', 2, `${month}-01`)]);
  const { number = '' } = await months.approve(period);
  process.stdout.write(`${number}\n`);
  await months.rest();
}
