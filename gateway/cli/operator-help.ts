/** What the help of the operator's verbs says beyond their options. */
export const operatorHelp = {
  configCheck: `
All faults at once, each with file and line and what to do: settings, mappings, parameters, certificates, secrets of this
environment, and what does not fit together. Nothing is written and nobody is called: hemgang doctor does that. Of one
overlay the first fault is told; the next one shows when it is corrected.

  hemgang config check hemgang.yaml

Exit codes: 0 a start takes it; 1 it does, and something is odd; 2 a start would refuse it.`,
  configShow: `
Flags win over the environment, the environment over the file. Lengths of time that the file does not write are in
milliseconds. Of secrets only the names are there, and whether they are set in this environment.

  hemgang config show --json

Exit codes: 0 shown; 2 it cannot be read: hemgang config check tells why.`,
  configSchema: `
  hemgang config schema > hemgang.schema.json

and in the first line of hemgang.yaml: # yaml-language-server: $schema=hemgang.schema.json

Exit codes: 0 printed.`,
  doctor: `
Nothing is changed. Beside a gateway that runs it sees that the ports are that gateway's. Policies on the broker are seen
where its management interface answers. With --reach receivers and sources are tried: a connection, a TLS handshake, a
host key, a token (SMART); a FHIR server is asked what it can do. No notice is sent.

  hemgang doctor --config hemgang.yaml --reach

Exit codes: 0 nothing fails, though something may be odd; 1 something fails.`,
  incidents: `
One incident a cause and receiver, however many notices it is about: it starts, is told of again when it has doubled, and
ends by itself when nothing of it is wrong any more. One that comes back within a quarter of an hour is the same one. The
running gateway looks every 15 seconds.

  hemgang incidents
  hemgang incidents take 4f0c --reason 'their server moves, back at 14'

Exit codes: list: 0 none stands; 1 one does. take: 0 taken; 1 it has ended; 2 wrong use.`,
  phoneList: `
Who has not acknowledged what was handed over, when it is time to call (receivers: acknowledge: in the configuration), with
the contact that stands there. No clock of the law waits for an acknowledgement: 5 kap. 4 § counts from the sending.

  hemgang phone-list --all

Exit codes: 0 nobody is to be called; 1 somebody is.`,
  trace: `
<id> is of a message (ours, or the control id of its sender), a case reference, a stay, an event or a delivery. The whole
case is shown, in the order it was stored; what was asked for, and all that follows from it, has a *. Ids, types and codes
only. Waits of a minute and more are told. By an event id a large journal is looked through: that takes a while.

  hemgang trace 019c3b52-77aa-7c4e-9a63-0242ac120002

Exit codes: 0 shown; 1 shown, and something of it waits or was given up; 2 wrong use, or nothing goes by that id.`,
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
  reload: `
SIGHUP does the same. All of it comes into force at once or nothing does; each event is handled by one or the other.
While it runs these can change: mappings, profiles, senders (but for fhir:), receivers, partners, billing, log.level,
dispatch.retries, deadlines.warn. What else is changed needs a restart: that is told, and then nothing changes.

  hemgang reload --reason 'new receiver'

Exit codes: 0 in force; 1 something is wrong or needs a restart, all is as it was; 2 wrong use, or no gateway runs there.`,
  retentionShow: `
Times are set under retention: in the configuration; where none is set everything is kept. Messages that wait for a
code, what is not sent, dead letters, open cases and deadlines, and months that are not settled stay, however old.

  hemgang retention show
  hemgang retention show --before '2014-01-01 00:00' --what cases

Exit codes: 0 shown; 1 a time is shorter than the law is known to ask; 2 wrong use, or no journal there.`,
  retentionPurge: `
By the gateway that runs, else by this command; who did it and why is written down. SQLite keeps the room for what
comes, and its file as large as it was; PostgreSQL gives the room of whole months back.

  hemgang retention purge --what messages --reason 'decision 2026/113' --dry-run
  hemgang retention purge --what messages --reason 'decision 2026/113' --apply

Exit codes: 0 done, or shown; 1 shown, and a time is shorter than the law is known to ask; 2 wrong use.`,
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
