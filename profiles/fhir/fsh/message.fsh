Profile: DischargeMessage
Parent: Bundle
Id: discharge-message
Title: "A message of the discharge process"
Description: "MessageHeader, Provenance, Encounter, Patient and what they refer to, after the Danish HospitalNotification."
* insert Ours
* obeys hg-header-first and hg-provenance and hg-encounter and hg-patient
* type = #message
* type MS
* timestamp 1..1 MS
* timestamp ^requirements = "say when the message was made"
* entry 4..* MS
* entry ^requirements = "put in MessageHeader, Provenance, Encounter and Patient"
* entry.fullUrl 1..1 MS
* entry.fullUrl ^requirements = "name the entry, as urn:uuid:…: the others refer to it so"
* entry.resource 1..1 MS

Profile: DischargeMessageHeader
Parent: MessageHeader
Id: discharge-message-header
Title: "Head of a message of the discharge process"
Description: "The message's name is its id: the same id again is the same message."
* insert Ours
* id 1..1 MS
* id ^requirements = "give the message an id that no other message of yours has: it is recognised by it when it comes again"
* event[x] only Coding
* eventCoding from DischargeProcessEventCodes (required)
* eventCoding MS
* source MS
* sender MS
* focus 1..* MS
* focus ^requirements = "refer to the Encounter of the message"

Profile: DischargeProvenance
Parent: Provenance
Id: discharge-provenance
Title: "What a message says happened"
Description: "activity says what happened. A message that corrects an earlier one has an entity with role revision, one that takes something back an entity with role removal: the earlier MessageHeader.id stands in what.identifier.value."
* insert Ours
* obeys hg-cancels
* target 1..* MS
* occurred[x] MS
* occurredDateTime obeys hg-time
* recorded MS
* activity 1..1 MS
* activity from DischargeProcessActivityCodes (required)
* activity ^requirements = "give a code of http://hemgang.se/fhir/CodeSystem/discharge-process-activity: what happened"
* agent MS
* entity MS
* entity.role MS
* entity.what MS
* entity.what obeys hg-reference

Instance: discharge-process-notification
InstanceOf: MessageDefinition
Usage: #definition
Title: "Discharge process notification"
* url = "http://hemgang.se/fhir/MessageDefinition/discharge-process-notification"
* name = "DischargeProcessNotification"
* title = "Discharge process notification"
* version = "1.0.0"
* status = #active
* experimental = false
* date = "2026-01-01"
* publisher = "Hemgång"
* description = "A system tells what happened in a discharge process. Sent to [base]/$process-message; the answer is a Bundle with MessageHeader.response and an OperationOutcome."
* eventCoding = $event#discharge-process-notification
* category = #consequence
* focus[0].code = #Encounter
* focus[=].profile = "http://hemgang.se/fhir/StructureDefinition/discharge-encounter"
* focus[=].min = 1
* focus[=].max = "1"
* focus[+].code = #Patient
* focus[=].profile = "http://hemgang.se/fhir/StructureDefinition/discharge-patient"
* focus[=].min = 1
* focus[=].max = "1"
* focus[+].code = #Provenance
* focus[=].profile = "http://hemgang.se/fhir/StructureDefinition/discharge-provenance"
* focus[=].min = 1
* focus[=].max = "1"
* focus[+].code = #Organization
* focus[=].min = 0
* focus[=].max = "*"
* responseRequired = #always
