/** What a Task means: an act of the discharge process, a notice that another system sent, an answer to one. */
import type { Task } from 'fhir/r4.js';
import type { Translation } from '../../../adapter.ts';
import { decided } from './facts.ts';
import type { EventFunctions, Scene } from './facts.ts';
import { answered, deliveryIn, obligationOf, sentTo } from './notices.ts';
import { codeOf, statementsOf } from './statements.ts';
import type { Stating } from './statements.ts';
import { required, warnOnce } from './work.ts';
import type { Work } from './work.ts';

export function meaningOfTask(work: Work): Translation {
  const { resource, previous } = work.exchange;
  if (resource.resourceType !== 'Task') throw required('Task');
  const before = previous?.resourceType === 'Task' ? previous : undefined;
  return statementsOf(work, resource, before, tasks);
}

const functions: EventFunctions = {
  planningDeclined: (work, scene) => {
    const reading = codeOf(work, 'Task', 'planningRefusal', scene);
    if (reading === undefined || decided(work, reading) !== 'planning.declined') return [];
    const refused = codeOf(work, 'Task', 'planningRefused', scene);
    if (refused === undefined) return [];
    const isRefused = decided(work, refused);
    if (isRefused === false) {
      warnOnce(
        work,
        `Task.statusReason: the patient declined, and Task.status is ${refused.code}; a refusal is rejected or cancelled`,
      );
    }
    return isRefused === true ? [{ type: 'planning.declined' }] : [];
  },
  noticeSent: (work, scene) => {
    const task = taskIn(scene);
    const obligation = obligationOf(work, 'Task', 'taskNotice', scene);
    if (obligation === undefined || isAnswer(work, task)) return [];
    const sent = codeOf(work, 'Task', 'taskSent', scene);
    if (sent === undefined || decided(work, sent) !== true) return [];
    // Sent to the wrong one, it was not sent to the units concerned (5 kap. 3 §).
    if (refusalOf(work, scene) === 'notice.misdirected') return [];
    if (task.owner === undefined) {
      throw required('Task.owner', 'whom the notice was sent to is missing');
    }
    const roles = task.performerType ?? [];
    return sentTo(work, task, obligation, [
      { reference: task.owner, expression: 'Task.owner', roles },
    ]);
  },
  noticeAnswered: (work, scene) => {
    const obligation = obligationOf(work, 'Task', 'taskNotice', scene);
    if (obligation === undefined) return [];
    const reading = codeOf(work, 'Task', 'taskAnswer', scene);
    const answer = reading === undefined ? null : decided(work, reading);
    const refusal = answer === 'notice.misdirected' ? refusalOf(work, scene) : answer;
    if (answer === 'notice.misdirected' && refusal === undefined) {
      warnOnce(
        work,
        'Task.status rejected without a reason (Task.businessStatus): the notice was sent all the same',
      );
    }
    return answered(work, refusal, obligation, deliveryOf(taskIn(scene)));
  },
};

const tasks: Stating<Task> = {
  type: 'Task',
  actor: ({ requester }) => requester,
  functions,
  stay: ({ encounter, focus, identifier }) => ({
    references: [encounter, focus],
    identifiers: identifier,
    expression: 'Task.encounter',
  }),
};

function taskIn({ roots }: Scene): Task {
  const task = roots['Task'];
  if (task === undefined || !isTask(task)) throw required('Task');
  return task;
}

function isTask(node: object): node is Task {
  return 'resourceType' in node && node.resourceType === 'Task';
}

/** Why a rejected one was rejected; undefined where that is not said. */
function refusalOf(work: Work, scene: Scene): unknown {
  if (taskIn(scene).status !== 'rejected') return undefined;
  const reading = codeOf(work, 'Task', 'taskRefusal', scene);
  return reading === undefined ? undefined : decided(work, reading);
}

/**
 * Whether it is the receiver's answer to a notice and not the notice itself: it names a delivery of ours, or its sender is
 * who gets notices, and has moved the Task on.
 */
function isAnswer({ exchange }: Work, task: Task): boolean {
  if (deliveryOf(task) !== undefined) return true;
  const { kind = 'hospital' } = exchange.request;
  return (kind === 'municipality' || kind === 'primary-care') && task.status !== 'requested';
}

function deliveryOf({ identifier, focus, basedOn }: Task): string | undefined {
  return deliveryIn([
    ...(identifier ?? []),
    focus?.identifier,
    ...(basedOn ?? []).map((one) => one.identifier),
  ]);
}
