import { listInvoices, type ListQuestion } from '../questions/invoice-list.ts';
import { listLines } from './invoice-text.ts';
import { answer, ask, checkMonth, checkPlace, type QuestionOptions } from './question.ts';

/** Every invoice and credit note, and how it stands. @returns the exit code: 1 where one is disputed or not delivered */
export async function billingList(options: QuestionOptions & ListQuestion): Promise<number> {
  checkMonth('--month', options.month);
  return await ask(options, async (asked) => {
    checkPlace(asked.profiles, options);
    const invoices = await listInvoices(asked, options);
    answer(options.json, { invoices }, (ink) => listLines(invoices, ink));
    return invoices.some(({ state }) => state === 'disputed' || state === 'not-delivered') ? 1 : 0;
  });
}
