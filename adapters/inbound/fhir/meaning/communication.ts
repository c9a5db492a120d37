/** What a Communication means: a notice that another system sent, or an answer to one. */
import type { Communication } from 'fhir/r4.js';
import type { Translation } from '../../../adapter.ts';
import { decided } from './facts.ts';
import type { EventFunctions, Scene } from './facts.ts';
import { answered, deliveryIn, obligationOf, sentTo } from './notices.ts';
import { codeOf, statementsOf } from './statements.ts';
import type { Stating } from './statements.ts';
import { required } from './work.ts';
import type { Work } from './work.ts';

export function meaningOfCommunication(work: Work): Translation {
  const { resource, previous } = work.exchange;
  if (resource.resourceType !== 'Communication') throw required('Communication');
  const before = previous?.resourceType === 'Communication' ? previous : undefined;
  return statementsOf(work, resource, before, communications);
}

const functions: EventFunctions = {
  noticeSent: (work, scene) => {
    const communication = communicationIn(scene);
    const obligation = sentNotice(work, scene);
    if (obligation === undefined || isAnswer(communication)) return [];
    const recipients = communication.recipient ?? [];
    if (recipients.length === 0 && obligation !== 'information-transfer') {
      throw required('Communication.recipient', 'whom the notice was sent to is missing');
    }
    return sentTo(
      work,
      communication,
      obligation,
      recipients.map((reference, index) => ({
        reference,
        expression: `Communication.recipient[${index}]`,
        roles: [],
      })),
    );
  },
  noticeReceived: (work, scene) => {
    const communication = communicationIn(scene);
    if (communication.received === undefined || isAnswer(communication)) return [];
    const obligation = sentNotice(work, scene);
    return obligation === undefined ? [] : answered(work, 'notice.received', obligation, undefined);
  },
  noticeAnswered: (work, scene) => {
    const communication = communicationIn(scene);
    if (!isAnswer(communication)) return [];
    const obligation = sentNotice(work, scene);
    if (obligation === undefined) return [];
    const reading = codeOf(work, 'Communication', 'communicationAnswer', scene);
    if (reading === undefined) {
      const text =
        'which answer it is: give a code of http://hemgang.se/fhir/CodeSystem/notice-answer';
      throw required('Communication.topic', text);
    }
    return answered(work, decided(work, reading), obligation, deliveryOf(communication));
  },
};

/** The notice, where it has been sent. */
function sentNotice(work: Work, scene: Scene): ReturnType<typeof obligationOf> {
  const obligation = obligationOf(work, 'Communication', 'communicationNotice', scene);
  if (obligation === undefined) return undefined;
  const sent = codeOf(work, 'Communication', 'communicationSent', scene);
  return sent !== undefined && decided(work, sent) === true ? obligation : undefined;
}

const communications: Stating<Communication> = {
  type: 'Communication',
  actor: ({ sender }) => sender,
  functions,
  stay: ({ encounter, about, identifier }) => ({
    references: [encounter, ...(about ?? [])],
    identifiers: identifier,
    expression: 'Communication.encounter',
  }),
};

function communicationIn({ roots }: Scene): Communication {
  const communication = roots['Communication'];
  if (communication === undefined || !isCommunication(communication)) {
    throw required('Communication');
  }
  return communication;
}

function isCommunication(node: object): node is Communication {
  return 'resourceType' in node && node.resourceType === 'Communication';
}

const isAnswer = ({ inResponseTo }: Communication): boolean => (inResponseTo ?? []).length > 0;

function deliveryOf({ inResponseTo }: Communication): string | undefined {
  return deliveryIn((inResponseTo ?? []).map((one) => one.identifier));
}
