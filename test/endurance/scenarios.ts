/** All scenarios by name, in the order in which they are played. */
import { CABLE } from './scenes/cable.ts';
import { DISKS } from './scenes/disks.ts';
import { LIMIT_SCENES } from './scenes/limits.ts';
import { MANY } from './scenes/many.ts';
import { MINORITY } from './scenes/minority.ts';
import { OLD_LEADER } from './scenes/old-leader.ts';
import { PARTITIONS } from './scenes/partitions.ts';
import { SOAK } from './scenes/soak.ts';
import { TIMES } from './scenes/time.ts';
import { WIRES } from './scenes/wires.ts';
import type { Scenario } from './stage.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...[CABLE, MINORITY, ...PARTITIONS, ...WIRES, ...TIMES, OLD_LEADER, ...DISKS],
  ...[...LIMIT_SCENES, ...MANY, SOAK],
];
