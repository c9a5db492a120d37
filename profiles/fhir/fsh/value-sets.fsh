ValueSet: DischargeProcessActivityCodes
Id: discharge-process-activity
Title: "What a message says happened"
Description: "Every code of discharge-process-activity."
* insert Ours
* include codes from system DischargeProcessActivity

ValueSet: DischargeProcessEventCodes
Id: discharge-process-event
Title: "Events of messages"
Description: "Every code of discharge-process-event."
* insert Ours
* include codes from system DischargeProcessEvent

ValueSet: DischargeProcessTaskCodes
Id: discharge-process-task
Title: "Duties and notices of the discharge process"
Description: "The codes of discharge-process-task that a Task or a Communication may have."
* insert Ours
* DischargeProcessTask#planning-call
* DischargeProcessTask#fixed-care-contact
* DischargeProcessTask#discharge-ready
* DischargeProcessTask#need-assessment
* DischargeProcessTask#admission-notice
* DischargeProcessTask#discharge-estimate
* DischargeProcessTask#discharge-ready-notice
* DischargeProcessTask#information-transfer

ValueSet: DischargeReadinessStatusCodes
Id: discharge-readiness-status
Title: "Status of readiness for discharge"
Description: "Every code of discharge-readiness-status."
* insert Ours
* include codes from system DischargeReadinessStatus

ValueSet: TypeOfCarePlanCodes
Id: typeofcareplan
Title: "Type of care plan"
Description: "The codes of Inera's type of care plan that are known here. SIP, SPU and SPLPTLRV have a meaning in the discharge process."
* insert Ours
* include codes from system TypeOfCarePlan
