/** What the help of a verb says beyond its options: an example, what the figures mean, and the exit codes. */
export const helpTexts = {
  start: `
Flags win over the environment, the environment over the configuration file. Senders, receivers, partners,
mappings and profiles stand in the file alone; hemgang.example.yaml shows every setting with its meaning.

SIGHUP, and hemgang reload, read configuration, mappings and profiles anew, whole or not at all, and translate what
waited for a code; hemgang reload --help says what needs a restart.

Exit codes: 0 stopped well; 1 it did not; 2 wrong use or configuration.`,
  eventsAsyncApi: `
Made of the schemas of the events. Which exchange it is, who may bind what, and an example consumer:
gateway/runtime/bus/README.md

  hemgang events asyncapi --out events.asyncapi.yaml
  hemgang events asyncapi --json | jq '.components.messages | keys'

Exit codes: 0 printed or written; 2 wrong use, or the file cannot be written.`,
  explain: `
<file> holds one message of HL7 v2, or FHIR in JSON (.json, or what begins with {): a resource, a Bundle, or NDJSON.

  hemgang explain admission.hl7 --sender ekliden
  hemgang explain encounter.json --sender ekliden

Under the answer stands what the message lacks for this process (profiles/), and what the HL7 dictionary of its
version, or FHIR R4, finds in it. Remarks do not change what becomes of a message, nor the exit code.

Nothing in FHIR names its sender. Without --sender it is the one whose fhir.visitSystems the file names, or the only
one that speaks FHIR. References are looked up in the file; each resource is taken after what the file told before.

Exit codes: 0 all in it is accepted; 1 something is refused or parked; 2 wrong use, or no such file.`,
  conformanceRun: `
<paths> are files and folders of messages, framed as they come: MLLP, CR, LF or CRLF, one or several in a file,
batches; and FHIR in JSON: resources, Bundles, NDJSON. They are read as one story; a folder with story.expect.yaml
is a story of its own. What FHIR resources refer to, and what they were before, is found in their story or folder.

  hemgang conformance run ./samples --sender ekliden --report junit,html --out ./report

Beside name.hl7 or name.json there may be name.expect.yaml (a list, where the file has several messages or resources);
what is left out is not looked at:

  outcome: accepted                # accepted, ignored, parked or refused
  answer: AA                       # of FHIR the status: 201
  events: [{ type: patient.admitted, occurredAt: 2022-03-07T09:00:00Z, data: { unit: MED1 } }]
  remarks: [{ code: REQUIRED_MISSING, location: PV1-19 }]
  unmapped: []

and in a folder story.expect.yaml:

  cases:
    - stay: V1001
      findings: [{ rule: admission-notice, status: met }]
      notices: [{ obligation: admission-notice, role: social-services }]

Reports hold no names, numbers or addresses. --mappings and --profiles take several folders; put <paths> first.

Exit codes: 0 all is as expected, or without an expectation nothing is refused, parked or in error; 1 something is
not; 2 wrong use, or an expectation that is wrong in itself.`,
  gen: `
Stays of several pathways begin on --from and the days after; their messages come in the order they were recorded.
Person numbers are published test numbers, everything else is invented. Control ids and visit numbers hold the
seed: for a second stream to the same gateway take another seed.

  hemgang gen --seed 7 --count 50 --out ./stream
  hemgang gen --journey update-storm --seed 1 --count 1 --framing lf

A pathway of your own is a YAML file: name, why, weight, and steps with say, after (2h..10d mostly 3d), at
(08:00..11:55), chance and times; hemgang gen --list --json shows the shipped ones.

Exit codes: 0 made; 2 wrong use, or a pathway that cannot be read.`,
  status: `
The gateway may be running or not. What waits for a person or is near stands in capitals.
What a municipality pays, and what is withheld, is told by hemgang billing preview --month YYYY-MM.

Exit codes: 0 nothing needs a person; 1 a message is parked, a notice unroutable, held, unresolved or refused,
or there is a dead letter; 2 wrong use, or no journal there.`,
  codesList: `
A deciding code that no table has parks its message: it was acknowledged and is kept. The clock that is told is the
next deadline of the cases concerned; where none runs yet, what would run if the code meant an event of its table.

Exit codes: 0 nothing waits; 1 a message waits for a code; 2 wrong use, or no journal there.`,
  retranslate: `
With --dry-run nothing is written to the journal. Messages received since then are read from their bytes once more, by the
mappings as they are now, and the plan tells for each that says something else: which facts come, which are superseded,
and by case what would change in law (findings, deadlines, notices, liability, days and amounts).

  hemgang retranslate --since 2026-03-01T00:00:00Z --where 'sender=ekliden and kind=ADT^A03' --dry-run
  hemgang retranslate --apply retranslate.plan.json --reason 'overlay of 12 March, ticket 4711'

--where knows sender, kind, case, message and code (one that a message waits for); of several values, code=A,B, any may
fit. The plan holds ids, codes and amounts, and nothing of persons. It is refused when it was changed, when the mappings
are others, or when a case of it has gone on. Applied, it goes case by case in order; what was interrupted goes on when
the same plan is applied again. What a message says of the person (name, numbers, a merge) stands as it was recorded.

The running gateway does it, by the mappings it has in force (hemgang reload first); where none runs, this command does.

Exit codes: 0 nothing changes in law, or the plan was applied; 1 something changes, is left, or was interrupted, or the
plan is out of date; 2 wrong use, or no such plan.`,
  importHistory: `
Messages go in from their bytes, in the order of the paths and within a file as they stand, and become what they would
have become. Of what happened before --live-from nothing leads outside: its notices stay in shadow, a readiness before it
is billed by whoever was in use then, and a deadline due before it is not set, so it raises no alarm. What happens from
then on is live as the sender is. The instant holds for the sender from now on, also for messages that come later.

  hemgang import --history ./archive --sender ekliden --live-from '2026-03-01 00:00' --reason 'start of service'

A message that is known (its control id, or a resource that says the same) is passed over, so the same command goes on
where it was interrupted. The running gateway takes them, at --rate; where none runs, this command does.

Exit codes: 0 all was taken; 1 a message was refused or waits for a code, or it was interrupted; 2 wrong use, or no such file.`,
  shadowCompare: `
Every case in the journal is played from its facts as they were told, with each notice taken as handed over the moment it
is issued; what was really delivered does not matter. The export has a line for each notice sent and each case billed:

  visit;time;kind;municipality;month;days;amount
  E1002;2022-03-07 11:58;discharge-ready-notice;1383;;;
  E1002;;billing;1383;2022-03;1;9300,00

kind is admission-notice, discharge-estimate, discharge-ready-notice, information-transfer, planning-call,
compulsory-care-notice, discharge-notice, death-notice or billing; case (our case reference) may stand in place of
visit; amounts are in kronor. NDJSON has the same names. Other names stand in the file of --columns:

  columns: { visit: Vårdkontakt, time: Skickad, kind: Typ, municipality: Kommun }
  kinds: { UTSKRKLAR: discharge-ready-notice, FAKTURA: billing }
  ignore: [KVITTENS]
  decimal: ','

  hemgang shadow compare --with export.csv --columns columns.yaml --from 2022-03-01 --to 2022-03-31 --out ./report

Exit codes: 0 nothing differs; 1 something differs, or a line of the export could not be read; 2 wrong use, or no such file.`,
  resend: `
With --dry-run nothing is sent: the plan tells what would go to the receiver, in the order of each lane. What was
delivered goes out as it was rendered then, under its delivery id (webhook-id): it is the evidence of what was said, and
the receiver knows it again. Such a repeat moves no clock and is no second hand-over; a receiver that cannot tell repeats
(recognisesRepeats: false) gets none.

  hemgang resend --since '2026-03-01 00:00' --to goteborg --dry-run
  hemgang resend --since '2026-03-01 00:00' --where 'state=refused,unresolved' --to goteborg --dry-run
  hemgang resend --apply resend.plan.json --reason 'their database was restored, ticket 4711'

--where knows case, delivery, kind (the duty, or billing), municipality, role and state. Without state only what was
delivered is meant; refused and unresolved are tried once more. These have not arrived before, so they count from when
they do. What has no receiver goes by itself when the configuration names one (hemgang unroutable list); what is held for
a person is never sent.

Applied, each goes back to its lane, at --rate; what was interrupted goes on when the same plan is applied again.

Exit codes: 0 looked, or applied; 1 something was left, or it was interrupted; 2 wrong use, or no such plan.`,
  codesMap: `
Without --apply nothing is written: it shows which messages would be set free, the facts they become and those
they take the place of, and by case what would be decided anew: notices with how late they would be, liability,
billing. Tables are shared by all senders. <target> is an event, true, false, null (understood, nothing follows),
or a code that the table knows; hemgang codes list tells which.

With --apply the entry goes into <overlay>/hl7v2/tables/<table>.yaml, in a folder that stands under mappings:.
A running gateway writes it, reads its mappings anew, whole or not at all, and translates; where none runs the
messages are translated here, and what follows is decided at the next start. Who, what and the reference are audited.

  hemgang codes map 0004-admission V patient.admitted --reference 'code list of Ekliden, 2026-03'

Exit codes: 0 well; 1 something would be late, billed otherwise or cannot be translated, other messages wait than were
shown, or it did not come to its end; 2 wrong use.`,
  rulesExplain: `
<case> is a case reference, as it stands in notices and in billing preview, or a stay id.
With --at it answers with what was known then and shows beside it what differs today, and which later
facts made the difference. What was decided is shown as it was decided.

  hemgang rules explain 0190c2f4-… --at '2022-03-10 12:00' --lang sv

Exit codes: 0 answered; 1 answered, and facts contradict or a figure of law is missing; 2 wrong use, or
no such case.`,
  rulesSimulate: `
The file sets parameters for every place and date, over statute and agreements:

  parameters:
    settlement.benchmarkDays: { value: '2', reference: what if two days were free }

"now" is by the law as it is entered, "then" under the file; both are computed from the stored facts.
Notices stand as they were sent and received.

  hemgang rules simulate --set two-days.yaml --from 2022-01 --to 2022-12 --county 14

Exit codes: 0 answered; 1 answered, and some month lacks a figure under the file; 2 wrong use.`,
  send: `
A file holds one message or many, framed by MLLP, batch segments (FHS, BHS) or nothing; lines may end in CR, LF
or CRLF. An answer is matched by its MSA-2. One line is printed for each: MSA-1, control id, time, and code and
place of every ERR; no field of a person is ever printed. In enhanced mode a message may have two (CA, then AA).

  hemgang send admissions.hl7 --to mllp://127.0.0.1:2575 --charset 8859/1 --pipeline 8
  hemgang send one.hl7 --to mllps://gateway.example:2575 --ca ca.pem --cert me.pem --key me.key
  hemgang send one.hl7 --to mllp://127.0.0.1:2575 --duplicate --split 7
  hemgang send encounter.json --to http://127.0.0.1:8080/fhir --token-file data/tokens/fhir-ekliden

To FHIR each file is one request, its bytes as they are: PUT where the resource has an id, POST where it has none,
$process-message for a message, the base for a transaction or batch. Printed are status, Location and every issue.

Exit codes: 0 every message was accepted (AA, CA, 2xx); 1 one was not, had no answer, or was answered otherwise the
second time, or there is no connection; 2 wrong use.`,
  listen: `
Listens until SIGINT or --count. A line has the time, MSH-9, MSH-10, the size and MSH-18, and says so where
the bytes are of another set. It checks and keeps nothing; AA means only that the frame was whole.

  hemgang listen --port 2575
  hemgang listen --port 2575 --answer late:5s --count 10

With --out every message is kept as a file that only you can read; it holds personal data.

Exit codes: 0 ended by signal or count; 2 wrong use, or the port is taken.`,
  conformanceWire: `
Sends test messages, so point it at a test system. MSH-11 is T unless --processing-id says otherwise, persons have
published test numbers, control ids are new, and all of a run is one visit. The receiver must know the sender: say MSH-3 and
MSH-4 by --sender, or give a message it accepts by --message.

  hemgang conformance wire --to mllp://127.0.0.1:2575 --sender EKLIDEN-PAS/EKLIDEN
  hemgang conformance wire --to mllp://127.0.0.1:2575 --only pipelining duplicate
  hemgang conformance wire --list

A case that is "must" failed loses or mixes up messages, or stops the receiver; "should" is good practice.
"differs-allowed" is another reading of the standard: agree on it with the vendor.

Exit codes: 0 no "must" failed; 1 one did, or there is no connection; 2 wrong use.`,
} as const;
