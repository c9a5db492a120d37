// What a municipality gets of us. Every profile here forbids what a notice has no right to hold (2 kap. 2 §): the law lists
// what a notice says, and a resource of FHIR has room for much more.

Profile: NoticeMessage
Parent: DischargeMessage
Id: notice-message
Title: "A notice of the discharge process"
Description: "A notice of Hemgång to one unit concerned, after the Danish HospitalNotification: MessageHeader, Provenance, Encounter, Patient and the organizations they refer to."
* insert Ours
* obeys hg-notice-earlier and hg-notice-change and hg-notice-withdrawn
* identifier 1..1 MS
* identifier.system = $delivery
* identifier.value 1..1 MS

Profile: NoticeMessageHeader
Parent: DischargeMessageHeader
Id: notice-message-header
Title: "Head of a notice"
Description: "event says whether the notice is new, corrects an earlier one, withdraws it or reminds of it. It holds nothing of the person: those who pass a message on may keep its head."
* insert Ours
* eventCoding from DischargeProcessNoticeEventCodes (required)
* text 0..0
* destination 1..1 MS
* destination.receiver 1..1 MS
* focus 1..1
* enterer 0..0
* author 0..0
* responsible 0..0
* reason 0..0
* response 0..0

Profile: NoticeProvenance
Parent: Provenance
Id: notice-provenance
Title: "Which notice it is"
Description: "activity says which notice of the act it is. It names an earlier one as its entity, by the earlier MessageHeader.id in what.identifier.value: with role revision what it corrects, with role removal what it withdraws, with role derivation the admission notice that stands and whose estimate has changed, with role source what it reminds of."
* insert Ours
* target 1..* MS
* occurred[x] 1..1 MS
* occurredDateTime obeys hg-time
* recorded MS
* policy 0..0
* location 0..0
* reason 0..0
* activity 1..1 MS
* activity from DischargeProcessNoticeCodes (required)
* agent 1..1 MS
* agent.who MS
* agent.onBehalfOf MS
* entity 0..1 MS
* entity.role MS
* entity.what MS
* entity.what obeys hg-reference

Profile: NoticeEncounter
Parent: Encounter
Id: notice-encounter
Title: "The stay that a notice is about"
Description: "The stay by our case reference, with the times that the notice carries and its text. A withdrawal and a reminder say nothing of the stay: its status is unknown."
* insert Ours
* extension contains DischargeReadiness named dischargeReadiness 0..1 MS and $plannedEndDate named plannedEndDate 0..1 MS and NeededService named neededService 0..3 MS and PlanningCalled named planningCalled 0..1 MS
* text 1..1 MS
* identifier 1..1 MS
* identifier.system = $case-reference
* identifier.value 1..1 MS
* status MS
* statusHistory 0..0
* class MS
* class = $act#IMP
* classHistory 0..0
* type 0..0
* serviceType 0..0
* priority 0..0
* subject 1..1 MS
* subject obeys hg-reference
* episodeOfCare 0..0
* basedOn 0..0
* participant 0..0
* appointment 0..0
* period MS
* length 0..0
* reasonCode 0..0
* reasonReference 0..0
* diagnosis 0..0
* account 0..0
* hospitalization 0..0
* location 0..0
* serviceProvider MS
* partOf 0..0

Profile: NoticePatient
Parent: DischargePatient
Id: notice-patient
Title: "The person that a notice is about"
Description: "By our case reference, and by the name, number and address that the notice carries. A withdrawal and a reminder have the case reference alone."
* insert Ours
* extension[municipality] 0..0
* text 0..0
* identifier contains caseReference 1..1 MS
* identifier[caseReference].system = $case-reference
* telecom 0..0
* gender 0..0
* birthDate 0..0
* maritalStatus 0..0
* multipleBirth[x] 0..0
* photo 0..0
* contact 0..0
* communication 0..0
* generalPractitioner 0..0
* managingOrganization 0..0
* link 0..0

Extension: NeededService
Id: needed-service
Title: "A kind of services that is needed"
Description: "What the patient is assessed to need after discharge, of social services, municipal health care and outpatient care of the region."
Context: Encounter
* insert Ours
* value[x] 1..1
* value[x] only Coding
* valueCoding from NeedAssessmentPartCodes (required)

Extension: PlanningCalled
Id: planning-called
Title: "Called to planning"
Description: "When the fixed care contact called to a coordinated individual plan, 4 kap. 2 § lag (2017:612)."
Context: Encounter
* insert Ours
* value[x] 1..1
* value[x] only dateTime

RuleSet: NoticeDefinition(event, title)
* url = "http://hemgang.se/fhir/MessageDefinition/{event}"
* name = "{title}"
* title = "{title}"
* version = "1.0.0"
* status = #active
* experimental = false
* date = "2026-01-01"
* publisher = "Hemgång"
* eventCoding = $event#{event}
* category = #consequence
* focus[0].code = #Encounter
* focus[=].profile = "http://hemgang.se/fhir/StructureDefinition/notice-encounter"
* focus[=].min = 1
* focus[=].max = "1"
* responseRequired = #always

Instance: notice-issued
InstanceOf: MessageDefinition
Usage: #definition
* insert NoticeDefinition(notice-issued, NoticeIssued)
* description = "A new notice to a unit concerned. Sent to [base]/$process-message, or created as a Bundle."

Instance: notice-corrected
InstanceOf: MessageDefinition
Usage: #definition
* insert NoticeDefinition(notice-corrected, NoticeCorrected)
* description = "Takes the place of an earlier notice, which its Provenance names with role revision."

Instance: notice-withdrawn
InstanceOf: MessageDefinition
Usage: #definition
* insert NoticeDefinition(notice-withdrawn, NoticeWithdrawn)
* description = "An earlier notice, which its Provenance names with role removal, does not hold any more. It says nothing of the person."

Instance: notice-reminded
InstanceOf: MessageDefinition
Usage: #definition
* insert NoticeDefinition(notice-reminded, NoticeReminded)
* description = "An earlier notice, which its Provenance names with role source, has not been acknowledged in the time that was agreed. It says nothing of the person."
