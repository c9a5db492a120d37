Invariant: hg-time
Description: "has no time with zone: write date, time and zone, as 2026-03-02T14:05:00+01:00"
Severity: #error
Expression: "toString().matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$')"

Invariant: hg-reference
Description: "says neither by reference nor by identifier what it refers to: give reference, or identifier with system and value"
Severity: #error
Expression: "reference.exists() or identifier.value.exists()"

Invariant: hg-hsa
Description: "is identified by something else than an HSA-id: use the system urn:oid:1.2.752.29.4.19 or urn:oid:1.2.752.129.2.1.4.1"
Severity: #error
Expression: "identifier.exists() implies (identifier.system = 'urn:oid:1.2.752.29.4.19' or identifier.system = 'urn:oid:1.2.752.129.2.1.4.1')"

Invariant: hg-begun
Description: "has no period.start: a stay that has begun says when, with date, time and zone"
Severity: #error
Expression: "status = 'planned' or status = 'cancelled' or status = 'entered-in-error' or status = 'unknown' or period.start.exists()"

Invariant: hg-ended
Description: "has no period.end: a stay that is finished says when, with date, time and zone"
Severity: #error
Expression: "status = 'finished' implies period.end.exists()"

Invariant: hg-municipality
Description: "has no municipality code: give four digits of SCB's code, and urn:oid:1.2.752.129.2.2.1.17 as system of a Coding"
Severity: #error
Expression: "(value is code and value.toString().matches('^[0-9]{4}$')) or (value is Coding and value.system = 'urn:oid:1.2.752.129.2.2.1.17' and value.code.matches('^[0-9]{4}$'))"

Invariant: hg-twelve-digits
Description: "has a value that is not twelve digits: write century, year, month, day and the last four, without hyphen"
Severity: #error
Expression: "value.matches('^[0-9]{12}$')"

Invariant: hg-about-a-stay
Description: "says of no stay: give encounter, or focus that is an Encounter"
Severity: #error
Expression: "encounter.exists() or focus.exists()"

Invariant: hg-sent
Description: "has no sent: a notice that is completed says when it was sent, with date, time and zone"
Severity: #error
Expression: "status = 'completed' implies sent.exists()"

Invariant: hg-header-first
Description: "has no MessageHeader as its first entry: put it there"
Severity: #error
Expression: "entry.first().resource is MessageHeader"

Invariant: hg-one-provenance
Description: "has not exactly one Provenance: add the one that says what happened"
Severity: #error
Expression: "entry.resource.where($this is Provenance).count() = 1"

Invariant: hg-one-encounter
Description: "has not exactly one Encounter: a message is of one stay"
Severity: #error
Expression: "entry.resource.where($this is Encounter).count() = 1"

Invariant: hg-one-patient
Description: "has not exactly one Patient: add the patient of the stay"
Severity: #error
Expression: "entry.resource.where($this is Patient).count() = 1"

Invariant: hg-cancels
Description: "takes something back and does not say which message told it: add entity with role removal and the earlier MessageHeader.id in what.identifier.value"
Severity: #error
Expression: "activity.coding.where(code.startsWith('cancel-')).exists() implies entity.where(role = 'removal').exists()"
