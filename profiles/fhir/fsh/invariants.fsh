Invariant: hg-time
Description: "has no time with zone: write date, time and zone, as 2026-03-02T14:05:00+01:00"
Severity: #error
Expression: "toString().matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$')"

Invariant: hg-reference
Description: "says neither by reference nor by identifier what it refers to: give reference, or identifier with system and value"
Severity: #error
Expression: "reference.exists() or identifier.value.exists()"

Invariant: hg-hsa
Description: "is not that of HSA-ids: use the system urn:oid:1.2.752.29.4.19 or urn:oid:1.2.752.129.2.1.4.1"
Severity: #error
Expression: "identifier.exists() implies (identifier.system = 'urn:oid:1.2.752.29.4.19' or identifier.system = 'urn:oid:1.2.752.129.2.1.4.1')"

Invariant: hg-begun
Description: "is missing: a stay that has begun says when, with date, time and zone"
Severity: #error
Expression: "status = 'planned' or status = 'cancelled' or status = 'entered-in-error' or status = 'unknown' or period.start.exists()"

Invariant: hg-ended
Description: "is missing: a stay that is finished says when, with date, time and zone"
Severity: #error
Expression: "status = 'finished' implies period.end.exists()"

Invariant: hg-municipality
Description: "is no municipality: give the four digits of SCB's code, and urn:oid:1.2.752.129.2.2.1.17 as the system of a Coding"
Severity: #error
Expression: "(value is code and value.toString().matches('^[0-9]{4}$')) or (value is Coding and value.system = 'urn:oid:1.2.752.129.2.2.1.17' and value.code.matches('^[0-9]{4}$'))"

Invariant: hg-twelve-digits
Description: "is not twelve digits: write century, year, month, day and the last four, without hyphen"
Severity: #error
Expression: "value.matches('^[0-9]{12}$')"

Invariant: hg-about-a-stay
Description: "is missing: say of which stay it is, by encounter, or by a focus that is an Encounter"
Severity: #error
Expression: "encounter.exists() or focus.exists()"

Invariant: hg-sent
Description: "is missing: a notice that is completed says when it was sent, with date, time and zone"
Severity: #error
Expression: "status = 'completed' implies sent.exists()"

Invariant: hg-header-first
Description: "is no MessageHeader: put it first"
Severity: #error
Expression: "entry.first().resource is MessageHeader"

Invariant: hg-provenance
Description: "is missing a Provenance: add the one that says what happened"
Severity: #error
Expression: "entry.resource.where($this is Provenance).exists()"

Invariant: hg-encounter
Description: "is missing an Encounter: add the stay that it is about"
Severity: #error
Expression: "entry.resource.where($this is Encounter).exists()"

Invariant: hg-patient
Description: "is missing a Patient: add the patient of the stay"
Severity: #error
Expression: "entry.resource.where($this is Patient).exists()"

Invariant: hg-cancels
Description: "is missing: what takes something back says which message told it, as an entity with role removal and the earlier MessageHeader.id in what.identifier.value"
Severity: #error
Expression: "activity.coding.where(code.startsWith('cancel-')).exists() implies entity.where(role = 'removal').exists()"

Invariant: hg-availability
Description: "is missing: say whether outpatient care is available by a code of http://hemgang.se/fhir/CodeSystem/outpatient-availability"
Severity: #error
Expression: "code.coding.where(system = 'http://hemgang.se/fhir/CodeSystem/discharge-process-task' and code = 'outpatient-availability').exists() implies value.coding.where(system = 'http://hemgang.se/fhir/CodeSystem/outpatient-availability').exists()"

Invariant: hg-stated-when
Description: "is missing: say since when it is so, as effectiveDateTime with date, time and zone"
Severity: #error
Expression: "code.coding.where(system = 'http://hemgang.se/fhir/CodeSystem/discharge-process-task').exists() implies effective.exists()"

Invariant: hg-stated-of-a-stay
Description: "is missing: say of which stay it is, by encounter, or by a focus that is an Encounter"
Severity: #error
Expression: "code.coding.where(system = 'http://hemgang.se/fhir/CodeSystem/discharge-process-task').exists() implies (encounter.exists() or focus.exists())"

Invariant: hg-notice-earlier
Description: "is missing what says which notice it is about: a correction has the earlier MessageHeader.id as an entity with role revision, a withdrawal as one with role removal, a reminder as one with role source"
Severity: #error
Expression: "(entry.resource.where($this is MessageHeader).event.where(code = 'notice-corrected').exists() implies entry.resource.where($this is Provenance).entity.where(role = 'revision').exists()) and (entry.resource.where($this is MessageHeader).event.where(code = 'notice-withdrawn').exists() implies entry.resource.where($this is Provenance).entity.where(role = 'removal').exists()) and (entry.resource.where($this is MessageHeader).event.where(code = 'notice-reminded').exists() implies entry.resource.where($this is Provenance).entity.where(role = 'source').exists())"

Invariant: hg-notice-change
Description: "is missing what says which admission notice it changes: a new notice of a changed estimate has its MessageHeader.id as an entity with role derivation"
Severity: #error
Expression: "(entry.resource.where($this is MessageHeader).event.where(code = 'notice-issued').exists() and entry.resource.where($this is Provenance).activity.coding.where(code = 'discharge-estimate').exists()) implies entry.resource.where($this is Provenance).entity.where(role = 'derivation').exists()"

Invariant: hg-notice-withdrawn
Description: "says something of the person: a withdrawal and a reminder have the case reference alone"
Severity: #error
Expression: "(entry.resource.where($this is MessageHeader).event.where(code = 'notice-withdrawn').exists() or entry.resource.where($this is MessageHeader).event.where(code = 'notice-reminded').exists()) implies entry.resource.where($this is Patient).where(name.exists() or address.exists() or deceased.exists() or identifier.where(system != 'http://hemgang.se/fhir/sid/case-reference').exists()).empty()"