/** Who would get a notice, by which line of the configuration, and why the others would not. */
import type { NoticeData } from '../process/events.ts';
import { readSource, type ConfigSources } from '../runtime/config-source.ts';
import { scalarSettings, type Config } from '../runtime/config.ts';
import { whyNot, type Addressed } from './routing.ts';

/** A notice as far as it is routed by it. */
export type RoutedNotice = Pick<NoticeData, 'obligation' | 'revision' | 'held'> & Addressed;

export interface Who {
  readonly obligation: NoticeData['obligation'];
  readonly revision: number;
  readonly role: NoticeData['role'];
  readonly municipality?: string;
  readonly county?: string;
  readonly outpatientUnit?: string;
  readonly needs?: NoticeData['needs'];
  readonly state: 'routed' | 'unroutable' | 'held';
  /** Absent where nobody would get it. */
  readonly receiver?: {
    readonly id: string;
    /** `hemgang.yaml:12` */
    readonly line: string;
    readonly channel: string;
    /** False in shadow, or before `liveFrom`: it is decided, and nothing leaves. */
    readonly isLive: boolean;
  };
  readonly passedOver: readonly {
    readonly id: string;
    readonly line: string;
    readonly why: string;
  }[];
}

/**
 * @param sources where the configuration was read from, for the lines
 * @param now ISO 8601
 */
export function whoGets(
  notices: readonly RoutedNotice[],
  config: Config,
  sources: ConfigSources,
  now: string,
): readonly Who[] {
  const source = readSource(sources, scalarSettings);
  const lineOf = (index: number): string => source.placeOf(['receivers', String(index)]);
  return notices.map((notice) => {
    const { obligation, revision, role, municipality, county, outpatientUnit, needs } = notice;
    const reasons = config.receivers.map((receiver) => whyNot(receiver, notice, now));
    const at = reasons.findIndex((reason) => reason === undefined);
    const chosen = config.receivers[at];
    const isHeld = notice.held === true;
    return {
      obligation,
      revision,
      role,
      ...(municipality !== undefined && { municipality }),
      ...(county !== undefined && { county }),
      ...(outpatientUnit !== undefined && { outpatientUnit }),
      ...(needs !== undefined && { needs }),
      state: isHeld ? 'held' : chosen ? 'routed' : 'unroutable',
      ...(chosen &&
        !isHeld && {
          receiver: {
            id: chosen.id,
            line: lineOf(at),
            channel: chosen.channel,
            isLive: chosen.mode === 'live' && (chosen.liveFrom ?? '') <= now,
          },
        }),
      passedOver: config.receivers.flatMap(({ id }, index) => {
        if (index === at) return [];
        const reason = reasons[index];
        const why = reason
          ? `${reason.setting}: ${reason.why}`
          : `${chosen?.id ?? ''} stands before it in the file`;
        return [{ id, line: lineOf(index), why }];
      }),
    };
  });
}
