/** A simulated municipality: one file a channel that it can be reached by. Each keeps what it received, to be looked at. */
export {
  simulatedMllp,
  type MllpBehaviour,
  type ReceivedAdt,
  type SimulatedMllp,
  type SimulatedMllpSettings,
} from './mllp.ts';
export {
  runSimulatedMunicipality,
  simulatedMunicipality,
  type Answer,
  type Behaviour,
  type GatewayLink,
  type NoticeBody,
  type ReceivedNotice,
  type SimulatedMunicipality,
  type SimulatedSettings,
} from './webhook.ts';
export {
  simulatedFhirReceiver,
  type FhirReceiverFault,
  type FhirReceiverSettings,
  type ReceivedMessage,
  type SimulatedFhirReceiver,
} from './fhir.ts';
export {
  simulatedSftp,
  type ReceivedFile,
  type SftpFault,
  type SimulatedSftp,
  type SimulatedSftpSettings,
} from './sftp.ts';
