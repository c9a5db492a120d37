/** Every case of the wire suite, in the order they run. `plain` comes first: without it nothing else tells anything. */
import { brokenFrames } from './broken-frames.ts';
import type { WireCase } from './case.ts';
import { characterSets } from './character-sets.ts';
import { connections } from './connections.ts';
import { content } from './content.ts';
import { enhancedMode } from './enhanced.ts';
import { framing } from './framing.ts';
import { identity } from './identity.ts';
import { order } from './order.ts';
import { tlsCases } from './tls.ts';

export const wireCases: readonly WireCase[] = [
  ...framing,
  ...brokenFrames,
  ...order,
  ...identity,
  ...characterSets,
  ...content,
  ...enhancedMode,
  ...connections,
  ...tlsCases,
];
