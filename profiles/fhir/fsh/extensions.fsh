Extension: DischargeReadiness
Id: discharge-readiness
Title: "Readiness for discharge"
Description: "Whether the patient is ready for discharge (utskrivningsklar), by the treating physician's assessment. It is withdrawn by the status withdrawn, and never by leaving the extension out."
Context: Encounter
* insert Ours
* extension contains status 1..1 and assessedAt 1..1
* extension[status].value[x] 1..1
* extension[status].value[x] only code
* extension[status].valueCode from DischargeReadinessStatusCodes (required)
* extension[status] ^requirements = "say ready, withdrawn or not-assessed"
* extension[assessedAt].value[x] 1..1
* extension[assessedAt].value[x] only dateTime
* extension[assessedAt] ^requirements = "say when it was assessed, with date, time and zone: the legal time limits count from it"
* extension[assessedAt].valueDateTime obeys hg-time

Extension: NeedAssessment
Id: need-assessment
Title: "Need of care after discharge"
Description: "What the patient is assessed to need after discharge, of all three: who is concerned by the notices hangs on it."
Context: Encounter
* insert Ours
* extension contains socialServices 1..1 and municipalHealthCare 1..1 and regionOutpatient 1..1 and assessedAt 1..1
* extension[socialServices] ^requirements = "say true or false: a need that is not told is not known"
* extension[socialServices].value[x] 1..1
* extension[socialServices].value[x] only boolean
* extension[municipalHealthCare] ^requirements = "say true or false: a need that is not told is not known"
* extension[municipalHealthCare].value[x] 1..1
* extension[municipalHealthCare].value[x] only boolean
* extension[regionOutpatient] ^requirements = "say true or false: a need that is not told is not known"
* extension[regionOutpatient].value[x] 1..1
* extension[regionOutpatient].value[x] only boolean
* extension[assessedAt].value[x] 1..1
* extension[assessedAt].value[x] only dateTime
* extension[assessedAt] ^requirements = "say when it was assessed, with date, time and zone"
* extension[assessedAt].valueDateTime obeys hg-time

Extension: Municipality
Id: municipality
Title: "Municipality of registration"
Description: "The municipality where the patient is registered (folkbokföring): four digits of SCB's municipality code, as a Coding or as a code."
Context: Patient
* insert Ours
* value[x] 1..1
* value[x] only Coding or code
* . obeys hg-municipality

// HL7's own cross-version extension of R5; R4 has no definition of it.
Extension: EncounterPlannedEndDate
Id: extension-Encounter.plannedEndDate
Title: "Encounter.plannedEndDate of R5"
Description: "The planned date of discharge. The extension is HL7's; this is what the discharge process needs to know of it."
Context: Encounter
* insert Ours
* ^url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate"
* ^publisher = "HL7 International"
* value[x] 1..1
* value[x] only dateTime
