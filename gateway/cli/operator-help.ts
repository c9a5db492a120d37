/** What the help of the operator's verbs says beyond their options. */
export const operatorHelp = {
  deadLettersList: `
A dead letter is an event whose attempts are used up; its case waits behind it. It is named queue:position, and by the
id of its event. The broker puts aside what it could not hand over; the journal has those events all the same.

  hemgang dead-letters list

Exit codes: 0 there is none; 1 there is one; 2 wrong use, or no journal there.`,
  deadLettersShow: `
  hemgang dead-letters show advance:1207

Ids and codes only: what the event says is read with hemgang rules explain CASE.

Exit codes: 0 shown; 2 wrong use, or no such dead letter.`,
  redrive: `
First put right what was wrong: the same event fails the same way. With a gateway that runs it is tried at once, else
at the next start.

  hemgang redrive advance:1207 --reason 'table 0004 corrected'
  hemgang redrive --all --queue dispatch --reason 'receiver answers again'

Exit codes: 0 all are in their queue again; 1 one is not, for it was no dead letter any more; 2 wrong use.`,
  queueList: `
advance decides what follows from facts; dispatch sends notices and billing records.

Exit codes: 0 no queue rests; 1 one does; 2 wrong use, or no journal there.`,
  queuePause: `
advance decides what follows from facts; dispatch sends notices and billing records. While one rests its events wait in
the journal, in every instance; what is in hand ends, messages are received and acknowledged all the same. Legal times
go on: nothing is sent late without being told as late.

  hemgang queue pause dispatch --reason 'receiver moves to a new address'
  hemgang queue resume dispatch --reason 'it has moved'

Exit codes: 0 done; 1 it was so already; 2 wrong use.`,
} as const;
