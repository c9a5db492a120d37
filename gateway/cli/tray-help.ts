/** What the help of the trays' verbs says beyond their options. */
export const trayHelp = {
  routesWho: `
A file of HL7 v2 or FHIR is played without a gateway, as one story; a case is read from the journal. Routes are those of
the configuration file, today. The first receiver that fits gets a notice.

  hemgang routes who admission.hl7 --sender ekliden
  hemgang routes who 019c3b52-77aa-7c4e-9a63-0242ac120002

Exit codes: 0 every notice has a receiver or is held; 1 one has none, or none follows; 2 wrong use.`,
  routesCheck: `
Every municipality by role, for the treating regions of the senders and each kind of need; outpatient care of those
regions; receivers whose dates begin, end soon (30 days) or have ended; our certificates (days left, key, use, chain) and
those we trust; folders. With --reach each receiver and the access point of SDK is tried: a connection, a TLS handshake,
what is wrong with the certificate it shows, whether ours is taken, a host key, a token. No notice is sent.

  hemgang routes check
  hemgang routes check --municipality 1480 --reach

Exit codes: 0 all are routed and nothing fails; 1 not; 2 wrong use.`,
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
  lateList: `
What is here has missed the time of the law (T1, T2, T6) or of our watch (T3, T5). Why: the hospital told it late, there was no
receiver, a person had to release it, the receiver was not reached or refused it, or it waited here. Asking moves no clock;
what a late notice means is told by hemgang case show.

  hemgang late list
  hemgang late list --since '2022-03-01 00:00' --json

Exit codes: 0 all have been handed over; 1 one has not; 2 wrong use, or no journal there.`,
  unroutableList: `
Grouped by cause: no receiver for a role in a place, or a receiver that answered that the patient is not its resident. A
group has a name, by which it is resolved. Where the hospital tells the right municipality, the notice goes there by itself.

Exit codes: 0 nothing waits; 1 something does; 2 wrong use, or no journal there.`,
  unroutableResolve: `
Extend receivers: in the configuration and reload: what then has a receiver goes by itself, and no verb is needed. By
hand a group goes to a receiver that you name; its place must fit, its roles, needs and dates may be passed over. Each is
a delivery of its own, and counts in law from when it arrives.

  hemgang unroutable resolve social-services/1480 --to goteborg --reason 'their new system' --dry-run
  hemgang unroutable resolve social-services/1480 --to goteborg --reason 'their new system' --apply

Exit codes: 0 shown, or all of it goes; 1 something has no receiver still, or was left; 2 wrong use.`,
  heldList: `
Ids and codes only. Each is given by telephone and acknowledged there, or released to a receiver that is marked.

Exit codes: 0 nothing is held; 1 something is; 2 wrong use, or no journal there.`,
  heldRelease: `
You are known by your token (HEMGANG_USER_TOKEN, or --token-file), and need the right release-protected under users: in
the configuration. It goes to a receiver with protectedIdentity: true whose place fits, and to nobody else. The address
of an admission notice stays here, unless the receiver's protectedAddress: names the legal basis on which it goes along.

  hemgang held release 5f0c… --to goteborg-sdk --reason 'agreed with the registry by telephone'

Exit codes: 0 it goes; 2 wrong use, no right, or no such receiver.`,
} as const;
