Profile: DischargeTask
Parent: Task
Id: discharge-task
Title: "A duty of the discharge process"
Description: "A duty: call to planning, appoint a fixed care contact, assess readiness or need."
* insert Ours
* obeys hg-about-a-stay
* identifier MS
* status MS
* statusReason MS
* intent MS
* code 1..1 MS
* code from DischargeProcessTaskCodes (required)
* code ^requirements = "give a code of http://hemgang.se/fhir/CodeSystem/discharge-process-task"
* focus MS
* for 1..1 MS
* for ^requirements = "refer to the patient, or give the personal identity number as for.identifier"
* for obeys hg-reference
* encounter MS
* encounter obeys hg-reference
* executionPeriod MS
* executionPeriod.end obeys hg-time
* authoredOn 1..1 MS
* authoredOn ^requirements = "say when the task was made, with date, time and zone"
* authoredOn obeys hg-time
* lastModified MS
* lastModified obeys hg-time
* requester MS
* owner MS
