/** A simulated municipality: one file a channel that it can be reached by. Each keeps what it received, to be looked at. */
export {
  simulatedMllp,
  type ReceivedAdt,
  type SimulatedMllp,
  type SimulatedMllpSettings,
} from './mllp.ts';
export {
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
  type FhirBehaviour,
  type FhirReceiverSettings,
  type ReceivedMessage,
  type SimulatedFhirReceiver,
} from './fhir.ts';
export {
  simulatedSftp,
  type ReceivedFile,
  type SimulatedSftp,
  type SimulatedSftpSettings,
} from './sftp.ts';
export { simulatedDocuments, type SimulatedDocuments } from './documents.ts';
export { simulatedAccessPoint, type SimulatedAccessPoint } from './access-point.ts';
export { simulatedFolder, type SimulatedFolder } from './file.ts';
export { WholeMunicipality, type WholeSettings } from './whole.ts';
export type {
  AccessPointBehaviour,
  Channel,
  FileBehaviour,
  MllpBehaviour,
  SftpBehaviour,
} from './behaviour.ts';
