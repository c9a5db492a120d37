/** What the help of `hemgang billing` says beyond the options. */
export const billingHelp = {
  preview: `
Shows what the record would be if the month were settled now. Nothing is written. Under Invoices stand what was
issued, what an approval of the record would lead to, and everything that is to be entered first.

  hemgang billing preview --month 2022-03 --county 14 --municipality 1480

Exit codes: 0 every basis can be made; 1 one is or would be withheld for want of a figure; 2 wrong use.`,
  run: `
Writes <out>/<month>/ with the specification (PDF, CSV and JSON) of every recorded settlement, as it
stands after its last adjustment, and basis-<county>-<municipality>-<month>.txt for people.

  hemgang billing run --month 2022-03 --out ./march

Exit codes: 0 all are recorded and agree with their basis; 1 one is open, withheld or differs; 2 wrong use.`,
  explain: `
Shows what was counted and when, what was recorded by which formula, every adjustment with its cause,
what the month handed to the next, and who takes up a dispute.

  hemgang billing explain --county 14 --municipality 1480 --month 2022-03

Exit codes: 0 answered; 1 answered, and the settlement is withheld; 2 wrong use, or no such settlement.`,
  list: `
With what may be done next and by which day: when a dispute is to be answered, as the agreement says, or an invoice is to
be paid. Whether it was paid is known to the ledger, not here. Below stand records that a municipality's finance platform
did not take, and numbers of a series that are wrong.

  hemgang billing list --month 2022-03

Exit codes: 0 answered; 1 answered, and one is disputed, not delivered or not taken; 2 wrong use.`,
  approve: `
First look: hemgang billing preview. What is approved is the revision you saw; where another stands by now nothing is. The
invoice gets the next number of the region's series, and is issued on the agreement's day or at once. Less than was
invoiced leads to a credit note, more to a further invoice, each naming the first. Approving the same again does nothing.

  HEMGANG_USER_TOKEN_FILE=my-token hemgang billing approve --month 2022-03 --municipality 1480 --revision 1

Exit codes: 0 approved; 1 not now; 2 refused: it says why, and what to enter.`,
  withdraw: `
Before the day of the invoice: its number is not given yet, and the record is to be approved again. Once it is issued only
hemgang billing credit takes it back.

  hemgang billing withdraw --month 2022-03 --municipality 1480 --revision 1 --reason 'a case is looked into'

Exit codes: 0 taken back; 1 not now; 2 refused: it says why, and what to do instead.`,
  dispute: `
Who takes it up is said by the agreement, level by level; hemgang billing explain shows the levels.

  hemgang billing dispute --number 14000001 --reason 'the municipality says that days 3 and 4 are not theirs'

Exit codes: 0 written down; 2 refused.`,
  read: `
What a municipality told by its own system is listed by its code and lines. Its own words stand in its message alone, as
long as that is kept; who reads them, and why, is written in the audit first.

  hemgang billing read --number 14000001 --reason 'to answer at level 1'

Exit codes: 0 shown; 2 refused: nothing was told by a system, or its message was weeded out.`,
  escalate: `
  hemgang billing escalate --number 14000001 --reason 'no agreement at the first level'

Exit codes: 0 written down; 2 refused: it is not disputed, or there is no further level.`,
  uphold: `
  hemgang billing uphold --number 14000001 --reason 'decided at level 2 on 4 May'

Exit codes: 0 written down; 2 refused.`,
  credit: `
Ends a dispute, where there is one. What was credited is not asked for again by a later adjustment of the month.

  hemgang billing credit --number 14000001 --lines 2 --reason 'decided at level 1 on 4 May'

Exit codes: 0 issued; 2 refused.`,
} as const;
