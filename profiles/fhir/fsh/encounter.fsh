Profile: DischargeEncounter
Parent: Encounter
Id: discharge-encounter
Title: "A stay in the discharge process"
Description: "What this process requires of an Encounter: whose stay, where, since when, and in which state."
* insert Ours
* obeys hg-begun and hg-ended
* extension contains DischargeReadiness named dischargeReadiness 0..1 MS and NeedAssessment named needAssessment 0..1 MS and $plannedEndDate named plannedEndDate 0..1 MS
* identifier 1..* MS
* identifier ^requirements = "give the visit number with the system that was agreed: FHIR and HL7 v2 meet in one stay by it"
* identifier.system 1..1 MS
* identifier.value 1..1 MS
* status MS
* status ^requirements = "say planned, arrived, triaged, in-progress, onleave, finished, cancelled or entered-in-error; R4 has no completed or discharged"
* statusHistory MS
* class 1..1 MS
* class ^requirements = "say IMP for inpatient care; only inpatient stays are of this process"
* class.system 1..1 MS
* class.code 1..1 MS
* class.code ^requirements = "class is a Coding in R4: give system and code at class itself"
* class.system ^requirements = "class is a Coding in R4: give system and code at class itself"
* subject 1..1 MS
* subject ^requirements = "refer to the patient, or give the personal identity number as subject.identifier"
* subject obeys hg-reference
* period MS
* period.start MS
* period.start obeys hg-time
* period.end MS
* period.end obeys hg-time
* hospitalization MS
* hospitalization.admitSource MS
* hospitalization.dischargeDisposition MS
* location MS
* location.period.start obeys hg-time
* serviceProvider 1..1 MS
* serviceProvider ^requirements = "give the unit's HSA-id as serviceProvider.identifier, or refer to an Organization that has it"
* serviceProvider obeys hg-reference and hg-hsa
