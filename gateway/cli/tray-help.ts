/** What the help of the trays' verbs says beyond their options. */
export const trayHelp = {
  unknownList: `
The answer did not come, or came half: whether the notice was taken only the receiver knows. Nothing is sent again by
itself to a receiver that does not recognise repeats. The case counts the notice as neither sent nor not sent meanwhile.

Exit codes: 0 there is none; 1 there is one; 2 wrong use, or no journal there.`,
  unknownResolve: `
delivered: it counts in law from --at, and the evidence is kept with the delivery. resend: the same content under the
same id. abandon: it counts as not given, and your reason is kept with it.

  hemgang unknown resolve 5f0c… --as delivered --at '2022-03-07 11:58' \\
    --evidence 'receipt 4711 in their log, told by their registry' --reason 'time-out at 11:58'
  hemgang unknown resolve 5f0c… --as resend --reason 'they have nothing in their log'

Exit codes: 0 done; 2 wrong use, or its outcome is known.`,
} as const;
