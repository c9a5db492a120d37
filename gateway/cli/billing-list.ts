import { listInvoices, type ListQuestion } from '../questions/invoice-list.ts';
import { listLines } from './invoice-text.ts';
import { answer, ask, checkMonth, checkPlace, type QuestionOptions } from './question.ts';

/**
 * Every invoice and credit note, how it stands, what comes next and by when.
 * @returns the exit code: 1 where one is disputed, was not delivered or not taken, or a number is wrong
 */
export async function billingList(options: QuestionOptions & ListQuestion): Promise<number> {
  checkMonth('--month', options.month);
  return await ask(options, async (asked) => {
    checkPlace(asked.profiles, options);
    const listed = await listInvoices(asked, options);
    answer(options.json, listed, (ink) => listLines(listed, ink));
    const { invoices, records, faults } = listed;
    const isOpen = invoices.some(({ state }) => state === 'disputed' || state === 'not-delivered');
    return isOpen || records.length + faults.length > 0 ? 1 : 0;
  });
}
