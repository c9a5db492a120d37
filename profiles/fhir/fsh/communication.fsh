Profile: DischargeCommunication
Parent: Communication
Id: discharge-communication
Title: "A notice that was sent"
Description: "A notice of the discharge process that another system has sent, or the receipt of one."
* insert Ours
* obeys hg-sent
* identifier MS
* basedOn MS
* inResponseTo MS
* status MS
* category 1..* MS
* category ^requirements = "give a code of http://hemgang.se/fhir/CodeSystem/discharge-process-task: which notice it was"
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains notice 1..1 MS
* category[notice] ^patternCodeableConcept.coding.system = "http://hemgang.se/fhir/CodeSystem/discharge-process-task"
* category[notice] from DischargeProcessTaskCodes (required)
* category[notice] ^requirements = "give a code of http://hemgang.se/fhir/CodeSystem/discharge-process-task: which notice it was"
* subject 1..1 MS
* subject ^requirements = "refer to the patient, or give the personal identity number as subject.identifier"
* subject obeys hg-reference
* encounter 1..1 MS
* encounter ^requirements = "refer to the stay, or give its visit number or case reference as encounter.identifier"
* encounter obeys hg-reference
* sent MS
* sent obeys hg-time
* received MS
* received obeys hg-time
* recipient MS
* sender MS
