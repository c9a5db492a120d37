RuleSet: Ours
* ^status = #active
* ^experimental = false
* ^publisher = "Hemgång"
* ^version = "1.0.0"

CodeSystem: DischargeProcessActivity
Id: discharge-process-activity
Title: "What a message says happened"
Description: "Provenance.activity of a message: what happened to the stay. A cancel- code takes back what an earlier message said; update says that nothing happened but what the resources say anew."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #admit "Admitted" "The patient was admitted (inskrivning)."
* #transfer "Transferred" "The patient was moved to another unit."
* #leave "On leave" "The patient left for a time and keeps the bed (permission)."
* #return "Returned" "The patient came back from leave."
* #ready "Ready for discharge" "The treating physician has assessed that the patient is ready for discharge (utskrivningsklar)."
* #readiness-withdrawn "Readiness withdrawn" "The patient is not ready for discharge any more."
* #estimate "Discharge estimated" "The planned date of discharge was set or changed."
* #need-assessed "Need assessed" "What the patient needs of social services, municipal health care and outpatient care was assessed."
* #discharge "Discharged" "The patient was discharged."
* #death "Deceased" "The patient died during the stay."
* #cancel-admit "Admission cancelled" "The admission was told in error."
* #cancel-discharge "Discharge cancelled" "The discharge was told in error: the patient is still admitted."
* #cancel-leave "Leave cancelled" "The leave was told in error."
* #update "Updated" "Nothing happened; the resources say something anew."

CodeSystem: DischargeProcessEvent
Id: discharge-process-event
Title: "Events of messages"
Description: "MessageHeader.eventCoding."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #discharge-process-notification "Discharge process notification" "A hospital, primary-care or municipal system tells what happened in a discharge process."
* #notice-issued "Notice" "A notice of Hemgång to a unit concerned."
* #notice-corrected "Corrected notice" "It takes the place of an earlier notice of Hemgång, which it names."
* #notice-withdrawn "Withdrawn notice" "An earlier notice of Hemgång, which it names, does not hold any more."
* #notice-reminded "Reminder" "An earlier notice of Hemgång, which it names, has not been acknowledged in the time that was agreed."

CodeSystem: DischargeProcessTask
Id: discharge-process-task
Title: "Duties, notices and statements of the discharge process"
Description: "Task.code, and Communication.category of what was sent."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #planning-call "Call to planning" "Call to a coordinated individual plan (kallelse till SIP), 4 kap. 2 § lag (2017:612)."
* #fixed-care-contact "Fixed care contact" "A fixed care contact is appointed (fast vårdkontakt), 2 kap. 5 §."
* #discharge-ready "Ready for discharge" "The patient is ready for discharge (utskrivningsklar)."
* #need-assessment "Need assessment" "What the patient needs after discharge is assessed."
* #admission-notice "Admission notice" "Inskrivningsmeddelande, 2 kap. 1 §."
* #discharge-estimate "Discharge estimate" "The planned date of discharge was told, 2 kap. 2 §, or has changed, 4 §."
* #discharge-ready-notice "Notice of readiness" "Underrättelse om att patienten är utskrivningsklar, 3 kap. 1 §."
* #information-transfer "Information transfer" "Information that the receiving units need, 3 kap. 2 §."
* #compulsory-care-notice "Notice of compulsory care" "The decision on open compulsory care is told, which counts as a notice of readiness: LPT (1991:1128) 7 a §, 3 kap. 1 § second paragraph."
* #discharge-notice "Discharge notice" "The units that were told of the stay are told that it ended."
* #death-notice "Notice of death" "The units that were told of the stay are told that the patient died."
* #outpatient-availability "Outpatient availability" "Whether the outpatient care of the region stands in the way of the discharge, 5 kap. 5 §: Observation.code, with a code of outpatient-availability."
* #outpatient-plan "Outpatient plan" "Whether there is a plan for the outpatient care of the region: Observation.code, with a boolean."
* #consent "Consent" "Whether the patient consents to a coordinated individual plan, 4 kap. 2 §: Observation.code, with a boolean."
* #compulsory-care "Compulsory care" "Open compulsory or open forensic psychiatric care is decided: Observation.code, with a code of compulsory-care."
* #court-decision "Court decision" "The administrative court has decided on that care: Observation.code, with a boolean."
* #treatment-plan "Treatment plan" "The plan of treatment of the inpatient unit is there: Observation.code, with a boolean."
* #placement "Placement" "The municipality has decided on a placement in another municipality, 5 kap. 2 §: Observation.code, with the municipality that decided as a Coding."

CodeSystem: OutpatientAvailability
Id: outpatient-availability
Title: "Availability of outpatient care"
Description: "Observation.value of outpatient-availability: whether the outpatient care of the region stands in the way of the discharge, 5 kap. 5 § lag (2017:612). A municipality pays where it does not."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #notNeeded "Not needed" "The patient needs no outpatient care of the region."
* #available "Available" "It can begin when the patient is discharged."
* #unavailable "Unavailable" "It cannot, and the patient cannot leave for that reason."
* #notTheCause "Not the cause" "It cannot, and the patient cannot leave for another reason."
* #unknown "Unknown" "Nobody has found out."

CodeSystem: CompulsoryCare
Id: compulsory-care
Title: "Open compulsory care"
Description: "Observation.value of compulsory-care: what is decided for the time after the inpatient care."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #open-compulsory-care "Open compulsory care" "Öppen psykiatrisk tvångsvård, LPT (1991:1128)."
* #open-forensic-care "Open forensic care" "Öppen rättspsykiatrisk vård, LRV (1991:1129)."

CodeSystem: DischargeReadinessStatus
Id: discharge-readiness-status
Title: "Status of readiness for discharge"
Description: "What the treating physician has assessed."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #ready "Ready" "Utskrivningsklar: no inpatient care is needed any more."
* #withdrawn "Withdrawn" "An earlier assessment as ready does not hold any more."
* #not-assessed "Not assessed" "Nobody has assessed it."

CodeSystem: PlanningRefusal
Id: planning-refusal
Title: "Why a planning does not come about"
Description: "Task.statusReason and CarePlan.activity.detail.statusReason of a call to planning."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #patient-declined "Patient declined" "The patient does not consent to a coordinated individual plan, 4 kap. 2 § lag (2017:612)."
* #unit-declined "Unit declined" "A unit that was called does not take part. The plan is not declined by it."

CodeSystem: NoticeRefusal
Id: notice-refusal
Title: "Why a notice is rejected"
Description: "Task.businessStatus or Task.statusReason of a notice that its receiver rejects."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #not-our-resident "Not our resident" "The person is registered in another municipality."
* #no-services "No services" "The person is ours and has no services (ej känd)."
* #other "Other" "Another reason."

CodeSystem: NoticeAnswer
Id: notice-answer
Title: "What a receiver answers to a notice"
Description: "Communication.topic of an answer (a Communication with inResponseTo)."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #received "Received" "Their system has it."
* #acknowledged "Acknowledged" "A person has read it."
* #not-our-resident "Not our resident" "The person is registered in another municipality."
* #no-services "No services" "The person is ours and has no services (ej känd)."

CodeSystem: CareRole
Id: care-role
Title: "Who calls to planning"
Description: "PractitionerRole.code of the requester or sender of a call: the act counts the call of the fixed care contact, 4 kap. 3 §."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #fixed-care-contact "Fixed care contact" "Fast vårdkontakt of the region outpatient care."
* #inpatient-care "Inpatient care" "The treating inpatient unit."
* #municipality "Municipality" "A unit of the municipality."
* #other "Other" "Anybody else."

CodeSystem: RecipientRole
Id: recipient-role
Title: "Units concerned"
Description: "What a receiver of a notice is, 2 kap. 1 § lag (2017:612): Organization.type or Task.performerType."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #payer-municipality "Municipality that pays" "The municipality that has the liability to pay."
* #social-services "Social services" "Socialtjänst."
* #municipal-health-care "Municipal health care" "Kommunal hälso- och sjukvård."
* #region-outpatient "Region outpatient care" "Regionfinansierad öppen vård."

CodeSystem: NeedAssessmentCodes
Id: need-assessment
Title: "Parts of an assessment of need"
Description: "Task.output.type and Observation.component.code: each with a boolean."
* insert Ours
* ^caseSensitive = true
* ^content = #complete
* #socialServices "Social services" "The patient needs social services."
* #municipalHealthCare "Municipal health care" "The patient needs municipal health care."
* #regionOutpatient "Region outpatient care" "The patient needs outpatient care of the region."

CodeSystem: TypeOfCarePlan
Id: typeofcareplan-cs
Title: "Type of care plan (Inera)"
Description: "The codes of Inera's type of care plan, as far as they are known here. The code system is Inera's."
* insert Ours
* ^url = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"
* ^publisher = "Inera AB"
* ^caseSensitive = true
* ^content = #fragment
* #SIP "Samordnad individuell plan"
* #SPU "Samordnad plan vid utskrivning"
* #SPLPTLRV "Samordnad vårdplan enligt LPT och LRV"
* #VP "Vårdplan"
* #HP "Habiliteringsplan"
* #RP "Rehabiliteringsplan"
* #GP "Genomförandeplan"
* #SVP "Standardiserad vårdplan"
