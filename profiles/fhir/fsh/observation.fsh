Profile: DischargeObservation
Parent: Observation
Id: discharge-observation
Title: "What is stated of a discharge"
Description: "An assessment or a decision, by a code of discharge-process-task. An Observation with another code is no statement of this process and may be as it is."
* insert Ours
* obeys hg-availability
* obeys hg-stated-when
* obeys hg-stated-of-a-stay
* identifier MS
* status MS
* code MS
* subject MS
* focus MS
* encounter MS
* effective[x] MS
* issued MS
* performer MS
* value[x] MS
* component MS
