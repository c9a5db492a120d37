Profile: DischargeCarePlan
Parent: CarePlan
Id: discharge-care-plan
Title: "A coordinated plan"
Description: "A coordinated individual plan or a coordinated care plan: being made (draft), established (active), none any longer (revoked). An activity says that it was called, or declined."
* insert Ours
* identifier MS
* status MS
* intent MS
* category 1..* MS
* category ^requirements = "give a code of https://fhir.inera.se/CodeSystem/typeofcareplan-cs: SIP, SPU or SPLPTLRV"
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains type 1..1 MS
* category[type] ^patternCodeableConcept.coding.system = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"
* category[type] from TypeOfCarePlanCodes (required)
* category[type] ^requirements = "give a code of https://fhir.inera.se/CodeSystem/typeofcareplan-cs: SIP, SPU or SPLPTLRV"
* subject 1..1 MS
* subject ^requirements = "refer to the patient, or give the personal identity number as subject.identifier"
* subject obeys hg-reference
* encounter 1..1 MS
* encounter ^requirements = "refer to the stay, or give its visit number or case reference as encounter.identifier"
* encounter obeys hg-reference
* period MS
* period.start MS
* created 1..1 MS
* created ^requirements = "say when the plan was made, with date, time and zone; period.start says since when it is established"
* created obeys hg-time
* author MS
* activity MS
