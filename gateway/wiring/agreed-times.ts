/** In what time receivers have agreed to acknowledge what is delivered. */
import type { AgreedMs } from '../rules/decide.ts';
import type { Config } from '../runtime/config.ts';

export function agreedTimes({ receivers }: Pick<Config, 'receivers'>): AgreedMs {
  const agreed = new Map(receivers.map(({ id, acknowledge }) => [id, acknowledge?.within]));
  return (receiver) => agreed.get(receiver);
}
