Profile: DischargePatient
Parent: Patient
Id: discharge-patient
Title: "The patient of a discharge process"
Description: "Who the patient is, by the number systems of the Swedish base profiles, and which municipality they are registered in. Of what SEBasePatient requires nothing is contradicted."
* insert Ours
* meta.security MS
* meta.security ^requirements = "mark a protected identity: sekretessmarkering or skyddadFolkbokforing of http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel"
* extension contains Municipality named municipality 0..1 MS
* identifier 1..* MS
* identifier ^requirements = "give a number of the patient with its system: http://electronichealth.se/identifier/personnummer and others"
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier.system 1..1 MS
* identifier.value 1..1 MS
* identifier contains personnummer 0..* MS and samordningsnummer 0..* MS
* identifier[personnummer].system = $personnummer
* identifier[personnummer] obeys hg-twelve-digits
* identifier[samordningsnummer].system = $samordningsnummer
* identifier[samordningsnummer] obeys hg-twelve-digits
* name MS
* birthDate MS
* deceased[x] MS
* address MS
