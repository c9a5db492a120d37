// One example for each situation that the mapping knows. Persons are published test numbers; the rest is invented.

Instance: stay-admitted
InstanceOf: DischargeEncounter
Usage: #example
Title: "Admitted"
* identifier.system = $visit
* identifier.value = "V-1001"
* status = #in-progress
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* hospitalization.admitSource = http://terminology.hl7.org/CodeSystem/admit-source#emd

Instance: stay-transferred
InstanceOf: DischargeEncounter
Usage: #example
Title: "Moved to another unit"
* identifier.system = $visit
* identifier.value = "V-1002"
* status = #in-progress
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* location[0].location.display = "Avdelning 4"
* location[0].status = #completed
* location[0].period.start = "2026-03-02T14:05:00+01:00"
* location[0].period.end = "2026-03-03T09:30:00+01:00"
* location[1].location.display = "Avdelning 7"
* location[1].status = #active
* location[1].period.start = "2026-03-03T09:30:00+01:00"

Instance: stay-on-leave
InstanceOf: DischargeEncounter
Usage: #example
Title: "On leave"
* identifier.system = $visit
* identifier.value = "V-1003"
* status = #onleave
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* statusHistory[0].status = #in-progress
* statusHistory[0].period.start = "2026-03-02T14:05:00+01:00"
* statusHistory[0].period.end = "2026-03-04T10:00:00+01:00"

Instance: stay-returned
InstanceOf: DischargeEncounter
Usage: #example
Title: "Back from leave"
* identifier.system = $visit
* identifier.value = "V-1004"
* status = #in-progress
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* statusHistory[0].status = #onleave
* statusHistory[0].period.start = "2026-03-04T10:00:00+01:00"
* statusHistory[0].period.end = "2026-03-05T18:00:00+01:00"

Instance: stay-with-estimate
InstanceOf: DischargeEncounter
Usage: #example
Title: "A planned date of discharge"
* identifier.system = $visit
* identifier.value = "V-1005"
* status = #in-progress
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* extension[plannedEndDate].valueDateTime = "2026-03-09"

Instance: stay-ready
InstanceOf: DischargeEncounter
Usage: #example
Title: "Ready for discharge"
* identifier.system = $visit
* identifier.value = "V-1006"
* status = #in-progress
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* extension[dischargeReadiness].extension[status].valueCode = #ready
* extension[dischargeReadiness].extension[assessedAt].valueDateTime = "2026-03-06T10:20:00+01:00"

Instance: stay-not-ready-any-more
InstanceOf: DischargeEncounter
Usage: #example
Title: "Readiness withdrawn"
* identifier.system = $visit
* identifier.value = "V-1007"
* status = #in-progress
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* extension[dischargeReadiness].extension[status].valueCode = #withdrawn
* extension[dischargeReadiness].extension[assessedAt].valueDateTime = "2026-03-07T08:40:00+01:00"

Instance: stay-with-need
InstanceOf: DischargeEncounter
Usage: #example
Title: "Need assessed"
* identifier.system = $visit
* identifier.value = "V-1008"
* status = #in-progress
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* extension[needAssessment].extension[socialServices].valueBoolean = true
* extension[needAssessment].extension[municipalHealthCare].valueBoolean = true
* extension[needAssessment].extension[regionOutpatient].valueBoolean = false
* extension[needAssessment].extension[assessedAt].valueDateTime = "2026-03-03T11:00:00+01:00"

Instance: stay-discharged
InstanceOf: DischargeEncounter
Usage: #example
Title: "Discharged"
* identifier.system = $visit
* identifier.value = "V-1009"
* status = #finished
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* period.end = "2026-03-09T13:00:00+01:00"
* hospitalization.dischargeDisposition = $disposition#home

Instance: stay-ended-by-death
InstanceOf: DischargeEncounter
Usage: #example
Title: "Deceased"
* identifier.system = $visit
* identifier.value = "V-1010"
* status = #finished
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* period.end = "2026-03-05T04:10:00+01:00"
* hospitalization.dischargeDisposition = $disposition#exp

Instance: stay-cancelled
InstanceOf: DischargeEncounter
Usage: #example
Title: "Told in error"
* identifier.system = $visit
* identifier.value = "V-1011"
* status = #cancelled
* class = $act#IMP "inpatient encounter"
* subject = Reference(patient)
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"

Instance: stay-with-contained-patient
InstanceOf: DischargeEncounter
Usage: #example
Title: "The patient in the stay itself"
* identifier.system = $visit
* identifier.value = "V-1012"
* status = #in-progress
* class = $act#IMP "inpatient encounter"
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa
* serviceProvider.identifier.value = "SE2321000131-E000000000001"
* serviceProvider.display = "Norrtuna sjukhus, avdelning 4"
* contained[0] = patient-within
* subject.reference = "#patient-within"

Instance: patient-within
InstanceOf: Patient
Usage: #inline
* identifier.system = $personnummer
* identifier.value = "195009072553"

Instance: stay-of-a-protected-person
InstanceOf: DischargeEncounter
Usage: #example
Title: "Subject by identifier alone"
* identifier.system = $visit
* identifier.value = "V-1013"
* status = #in-progress
* class = $act#IMP
* subject.identifier.system = $personnummer
* subject.identifier.value = "189602029812"
* period.start = "2026-03-02T14:05:00+01:00"
* serviceProvider.identifier.system = $hsa-inera
* serviceProvider.identifier.value = "SE2321000131-E000000000001"

Instance: patient
InstanceOf: DischargePatient
Usage: #example
Title: "A patient"
* identifier[personnummer].value = "195009072553"
* name.family = "Testsson"
* name.given = "Tuva"
* gender = #female
* birthDate = "1950-09-07"
* address.line = "Provgatan 1"
* address.postalCode = "90320"
* address.city = "Umeå"
* extension[municipality].valueCoding = $municipality#2480 "Umeå"

Instance: patient-by-coordination-number
InstanceOf: DischargePatient
Usage: #example
Title: "Samordningsnummer, municipality as code"
* identifier[samordningsnummer].value = "191401682396"
* extension[municipality].valueCode = #2480

Instance: patient-by-reserve-number
InstanceOf: DischargePatient
Usage: #example
Title: "National reserve number: no personal identity number is known"
* identifier.system = $reservnummer
* identifier.value = "98240301AA06"

Instance: patient-protected
InstanceOf: DischargePatient
Usage: #example
Title: "Protected registration: no municipality is told"
* meta.security = $security#skyddadFolkbokforing
* identifier[personnummer].value = "189602029812"
* name.text = "Skyddad uppgift"

Instance: patient-deceased
InstanceOf: DischargePatient
Usage: #example
Title: "Deceased"
* identifier[personnummer].value = "195009072553"
* deceasedDateTime = "2026-03-05T04:10:00+01:00"
* extension[municipality].valueCoding = $municipality#2480

Instance: plan-called
InstanceOf: DischargeCarePlan
Usage: #example
Title: "A call to a coordinated individual plan was made"
* status = #draft
* intent = #plan
* category[type].coding.system = $careplan-type
* category[type].coding.code = #SIP
* subject = Reference(patient)
* encounter = Reference(stay-admitted)
* created = "2026-03-04T09:00:00+01:00"
* activity.detail.code = $task#planning-call
* activity.detail.status = #completed
* activity.detail.scheduledPeriod.start = "2026-03-04T09:00:00+01:00"
* activity.detail.scheduledPeriod.end = "2026-03-04T09:00:00+01:00"
* contained[0] = care-contact
* activity.detail.performer.reference = "#care-contact"

Instance: plan-established
InstanceOf: DischargeCarePlan
Usage: #example
Title: "The coordinated individual plan is established"
* status = #active
* intent = #plan
* category[type].coding.system = $careplan-type
* category[type].coding.code = #SIP
* subject = Reference(patient)
* encounter = Reference(stay-admitted)
* created = "2026-03-04T09:00:00+01:00"
* period.start = "2026-03-09T15:00:00+01:00"

Instance: plan-declined
InstanceOf: DischargeCarePlan
Usage: #example
Title: "The patient does not want a coordinated individual plan"
* status = #revoked
* intent = #plan
* category[type].coding.system = $careplan-type
* category[type].coding.code = #SIP
* subject = Reference(patient)
* encounter = Reference(stay-admitted)
* created = "2026-03-04T09:00:00+01:00"
* activity.detail.code = $task#planning-call
* activity.detail.status = #cancelled
* activity.detail.statusReason = $planning-refusal#patient-declined

Instance: plan-at-discharge
InstanceOf: DischargeCarePlan
Usage: #example
Title: "The plan at a discharge, by our case reference"
* status = #active
* intent = #plan
* category[type].coding.system = $careplan-type
* category[type].coding.code = #SPU
* subject = Reference(patient)
* encounter.identifier.system = $case-reference
* encounter.identifier.value = "c-7f3a"
* created = "2026-03-04T09:00:00+01:00"

Instance: plan-after-compulsory-care
InstanceOf: DischargeCarePlan
Usage: #example
Title: "The coordinated care plan is established"
* status = #active
* intent = #plan
* category[type].coding.system = $careplan-type
* category[type].coding.code = #SPLPTLRV
* subject = Reference(patient)
* encounter = Reference(stay-admitted)
* created = "2026-03-04T09:00:00+01:00"
* period.start = "2026-03-09T15:00:00+01:00"

Instance: task-planning-call
InstanceOf: DischargeTask
Usage: #example
Title: "A call to planning"
* status = #requested
* intent = #order
* code = $task#planning-call
* for = Reference(patient)
* encounter = Reference(stay-admitted)
* authoredOn = "2026-03-04T09:00:00+01:00"
* contained[0] = care-contact
* requester.reference = "#care-contact"
* owner.identifier.system = $hsa
* owner.identifier.value = "SE2321000131-E000000000002"
* owner.display = "Hälsocentralen Norrtuna"

Instance: care-contact
InstanceOf: PractitionerRole
Usage: #inline
* code = $care-role#fixed-care-contact

Instance: task-planning-call-declined
InstanceOf: DischargeTask
Usage: #example
Title: "The patient declines the planning"
* status = #cancelled
* intent = #order
* code = $task#planning-call
* for = Reference(patient)
* encounter = Reference(stay-admitted)
* authoredOn = "2026-03-04T09:00:00+01:00"
* contained[0] = care-contact
* requester.reference = "#care-contact"
* statusReason = $planning-refusal#patient-declined
* lastModified = "2026-03-05T09:00:00+01:00"

Instance: task-fixed-care-contact
InstanceOf: DischargeTask
Usage: #example
Title: "A fixed care contact is appointed"
* status = #completed
* intent = #order
* code = $task#fixed-care-contact
* for = Reference(patient)
* encounter = Reference(stay-admitted)
* authoredOn = "2026-03-04T09:00:00+01:00"
* executionPeriod.end = "2026-03-04T13:00:00+01:00"
* owner.identifier.system = $hsa
* owner.identifier.value = "SE2321000131-E000000000002"
* owner.display = "Hälsocentralen Norrtuna"

Instance: task-discharge-ready
InstanceOf: DischargeTask
Usage: #example
Title: "Ready for discharge"
* status = #completed
* intent = #order
* code = $task#discharge-ready
* for = Reference(patient)
* encounter = Reference(stay-admitted)
* authoredOn = "2026-03-04T09:00:00+01:00"
* executionPeriod.end = "2026-03-06T10:20:00+01:00"

Instance: task-need-assessment
InstanceOf: DischargeTask
Usage: #example
Title: "Need assessed"
* status = #completed
* intent = #order
* code = $task#need-assessment
* for = Reference(patient)
* encounter = Reference(stay-admitted)
* authoredOn = "2026-03-04T09:00:00+01:00"
* executionPeriod.end = "2026-03-03T11:00:00+01:00"
* output[0].type = $need#socialServices
* output[0].valueBoolean = true
* output[1].type = $need#municipalHealthCare
* output[1].valueBoolean = false
* output[2].type = $need#regionOutpatient
* output[2].valueBoolean = true

Instance: outpatient-availability
InstanceOf: DischargeObservation
Usage: #example
Title: "Outpatient care can begin at the discharge"
* status = #final
* code = $task#outpatient-availability
* subject = Reference(patient)
* encounter.identifier.system = $case-reference
* encounter.identifier.value = "c-7f3a"
* effectiveDateTime = "2026-03-06T08:40:00+01:00"
* valueCodeableConcept = $availability#available

Instance: outpatient-plan
InstanceOf: DischargeObservation
Usage: #example
Title: "There is a plan for the outpatient care"
* status = #final
* code = $task#outpatient-plan
* subject = Reference(patient)
* encounter.identifier.system = $case-reference
* encounter.identifier.value = "c-7f3a"
* effectiveDateTime = "2026-03-06T08:40:00+01:00"
* valueBoolean = true

Instance: consent
InstanceOf: DischargeObservation
Usage: #example
Title: "The patient consents to a coordinated individual plan"
* status = #final
* code = $task#consent
* subject = Reference(patient)
* encounter.identifier.system = $case-reference
* encounter.identifier.value = "c-7f3a"
* effectiveDateTime = "2026-03-06T08:40:00+01:00"
* valueBoolean = true

Instance: compulsory-care
InstanceOf: DischargeObservation
Usage: #example
Title: "Open compulsory care is decided"
* status = #final
* code = $task#compulsory-care
* subject = Reference(patient)
* encounter = Reference(stay-admitted)
* effectiveDateTime = "2026-03-06T08:40:00+01:00"
* valueCodeableConcept = $compulsory-care#open-compulsory-care

Instance: court-decision
InstanceOf: DischargeObservation
Usage: #example
Title: "The court has decided on open compulsory care"
* status = #final
* code = $task#court-decision
* subject = Reference(patient)
* encounter = Reference(stay-admitted)
* effectiveDateTime = "2026-03-06T08:40:00+01:00"
* valueBoolean = true

Instance: treatment-plan
InstanceOf: DischargeObservation
Usage: #example
Title: "The plan of treatment is there"
* status = #final
* code = $task#treatment-plan
* subject = Reference(patient)
* encounter = Reference(stay-admitted)
* effectiveDateTime = "2026-03-06T08:40:00+01:00"
* valueBoolean = true

Instance: placement
InstanceOf: DischargeObservation
Usage: #example
Title: "A municipality has placed the person in another one"
* status = #final
* code = $task#placement
* subject = Reference(patient)
* encounter.identifier.system = $case-reference
* encounter.identifier.value = "c-7f3a"
* effectiveDateTime = "2026-03-06T08:40:00+01:00"
* valueCodeableConcept = $municipality#2480

Instance: notice-observed
InstanceOf: DischargeCommunication
Usage: #example
Title: "Another system has sent the notice of readiness"
* status = #completed
* category[notice] = $task#discharge-ready-notice
* subject = Reference(patient)
* encounter = Reference(stay-admitted)
* sent = "2026-03-06T10:30:00+01:00"
* contained[0] = unit-concerned
* recipient.reference = "#unit-concerned"

Instance: unit-concerned
InstanceOf: Organization
Usage: #inline
* identifier.system = $municipality
* identifier.value = "2480"
* type[0] = $recipient-role#payer-municipality
* type[1] = $recipient-role#social-services

Instance: notice-received
InstanceOf: DischargeCommunication
Usage: #example
Title: "A receiver's system has our notice"
* status = #completed
* category[notice] = $task#admission-notice
* topic = $notice-answer#received
* inResponseTo.identifier.system = $delivery
* inResponseTo.identifier.value = "6f1f0e1e-0000-4000-8000-000000000001"
* subject = Reference(patient)
* encounter.identifier.system = $case-reference
* encounter.identifier.value = "c-7f3a"
* sent = "2026-03-02T15:00:00+01:00"

Instance: message-patient
InstanceOf: DischargePatient
Usage: #inline
* id = "message-patient"
* identifier[personnummer].value = "195009072553"
* extension[municipality].valueCoding = $municipality#2480

Instance: message-organization
InstanceOf: Organization
Usage: #inline
* id = "message-organization"
* identifier.system = $hsa
* identifier.value = "SE2321000131-E000000000001"
* name = "Norrtuna sjukhus, avdelning 4"

Instance: message-admit-header
InstanceOf: DischargeMessageHeader
Usage: #inline
* id = "5b7c1f52-0000-4000-8000-000000000001"
* eventCoding = $event#discharge-process-notification
* source.name = "Norrtuna journal"
* source.endpoint = "https://norrtuna.example/fhir"
* focus.reference = "urn:uuid:00000000-0000-4000-8000-000000000003"

Instance: message-admit-provenance
InstanceOf: DischargeProvenance
Usage: #inline
* id = "message-admit-provenance"
* target[0].reference = "urn:uuid:00000000-0000-4000-8000-000000000001"
* target[1].reference = "urn:uuid:00000000-0000-4000-8000-000000000003"
* occurredDateTime = "2026-03-02T14:05:00+01:00"
* recorded = "2026-03-02T14:10:00+01:00"
* activity = $activity#admit
* agent.who.identifier.system = $hsa
* agent.who.identifier.value = "SE2321000131-E000000000001"

Instance: message-admit-encounter
InstanceOf: DischargeEncounter
Usage: #inline
* id = "message-admit-encounter"
* identifier.system = $visit
* identifier.value = "V-2001"
* status = #in-progress
* class = $act#IMP
* subject.reference = "urn:uuid:00000000-0000-4000-8000-000000000004"
* period.start = "2026-03-02T14:05:00+01:00"

* serviceProvider.reference = "urn:uuid:00000000-0000-4000-8000-000000000005"

Instance: message-admit
InstanceOf: DischargeMessage
Usage: #example
Title: "A message: admitted"
* type = #message
* timestamp = "2026-03-02T14:10:00+01:00"
* entry[0].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000001"
* entry[0].resource = message-admit-header
* entry[1].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000002"
* entry[1].resource = message-admit-provenance
* entry[2].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000003"
* entry[2].resource = message-admit-encounter
* entry[3].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000004"
* entry[3].resource = message-patient
* entry[4].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000005"
* entry[4].resource = message-organization

Instance: message-correct-header
InstanceOf: DischargeMessageHeader
Usage: #inline
* id = "5b7c1f52-0000-4000-8000-000000000002"
* eventCoding = $event#discharge-process-notification
* source.name = "Norrtuna journal"
* source.endpoint = "https://norrtuna.example/fhir"
* focus.reference = "urn:uuid:00000000-0000-4000-8000-000000000003"

Instance: message-correct-provenance
InstanceOf: DischargeProvenance
Usage: #inline
* id = "message-correct-provenance"
* target[0].reference = "urn:uuid:00000000-0000-4000-8000-000000000001"
* target[1].reference = "urn:uuid:00000000-0000-4000-8000-000000000003"
* occurredDateTime = "2026-03-02T13:40:00+01:00"
* recorded = "2026-03-02T15:00:00+01:00"
* activity = $activity#admit
* agent.who.identifier.system = $hsa
* agent.who.identifier.value = "SE2321000131-E000000000001"
* entity.role = #revision
* entity.what.identifier.value = "5b7c1f52-0000-4000-8000-000000000001"

Instance: message-correct-encounter
InstanceOf: DischargeEncounter
Usage: #inline
* id = "message-correct-encounter"
* identifier.system = $visit
* identifier.value = "V-2001"
* status = #in-progress
* class = $act#IMP
* subject.reference = "urn:uuid:00000000-0000-4000-8000-000000000004"
* period.start = "2026-03-02T13:40:00+01:00"

* serviceProvider.reference = "urn:uuid:00000000-0000-4000-8000-000000000005"

Instance: message-correct
InstanceOf: DischargeMessage
Usage: #example
Title: "A message that corrects the time of the admission"
* type = #message
* timestamp = "2026-03-02T15:00:00+01:00"
* entry[0].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000001"
* entry[0].resource = message-correct-header
* entry[1].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000002"
* entry[1].resource = message-correct-provenance
* entry[2].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000003"
* entry[2].resource = message-correct-encounter
* entry[3].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000004"
* entry[3].resource = message-patient
* entry[4].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000005"
* entry[4].resource = message-organization

Instance: message-cancel-header
InstanceOf: DischargeMessageHeader
Usage: #inline
* id = "5b7c1f52-0000-4000-8000-000000000003"
* eventCoding = $event#discharge-process-notification
* source.name = "Norrtuna journal"
* source.endpoint = "https://norrtuna.example/fhir"
* focus.reference = "urn:uuid:00000000-0000-4000-8000-000000000003"

Instance: message-cancel-provenance
InstanceOf: DischargeProvenance
Usage: #inline
* id = "message-cancel-provenance"
* target[0].reference = "urn:uuid:00000000-0000-4000-8000-000000000001"
* target[1].reference = "urn:uuid:00000000-0000-4000-8000-000000000003"
* occurredDateTime = "2026-03-02T16:00:00+01:00"
* recorded = "2026-03-02T16:00:00+01:00"
* activity = $activity#cancel-admit
* agent.who.identifier.system = $hsa
* agent.who.identifier.value = "SE2321000131-E000000000001"
* entity.role = #removal
* entity.what.identifier.value = "5b7c1f52-0000-4000-8000-000000000002"

Instance: message-cancel-encounter
InstanceOf: DischargeEncounter
Usage: #inline
* id = "message-cancel-encounter"
* identifier.system = $visit
* identifier.value = "V-2001"
* status = #cancelled
* class = $act#IMP
* subject.reference = "urn:uuid:00000000-0000-4000-8000-000000000004"
* period.start = "2026-03-02T14:05:00+01:00"

* serviceProvider.reference = "urn:uuid:00000000-0000-4000-8000-000000000005"

Instance: message-cancel
InstanceOf: DischargeMessage
Usage: #example
Title: "A message that takes the admission back"
* type = #message
* timestamp = "2026-03-02T16:00:00+01:00"
* entry[0].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000001"
* entry[0].resource = message-cancel-header
* entry[1].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000002"
* entry[1].resource = message-cancel-provenance
* entry[2].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000003"
* entry[2].resource = message-cancel-encounter
* entry[3].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000004"
* entry[3].resource = message-patient
* entry[4].fullUrl = "urn:uuid:00000000-0000-4000-8000-000000000005"
* entry[4].resource = message-organization
