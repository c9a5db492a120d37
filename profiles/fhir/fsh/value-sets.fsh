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
* DischargeProcessTask#compulsory-care-notice
* DischargeProcessTask#discharge-notice
* DischargeProcessTask#death-notice

ValueSet: DischargeProcessNoticeCodes
Id: discharge-process-notice
Title: "Notices of Hemgång"
Description: "The codes of discharge-process-task that are notices of Hemgång."
* insert Ours
* DischargeProcessTask#admission-notice
* DischargeProcessTask#discharge-estimate
* DischargeProcessTask#discharge-ready-notice
* DischargeProcessTask#planning-call
* DischargeProcessTask#compulsory-care-notice
* DischargeProcessTask#discharge-notice
* DischargeProcessTask#death-notice

ValueSet: DischargeProcessNoticeEventCodes
Id: discharge-process-notice-event
Title: "Events of notices"
Description: "The codes of discharge-process-event that a notice of Hemgång may have."
* insert Ours
* DischargeProcessEvent#notice-issued
* DischargeProcessEvent#notice-corrected
* DischargeProcessEvent#notice-withdrawn
* DischargeProcessEvent#notice-reminded

ValueSet: NeedAssessmentPartCodes
Id: need-assessment
Title: "Parts of an assessment of need"
Description: "Every code of need-assessment."
* insert Ours
* include codes from system NeedAssessmentCodes

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
