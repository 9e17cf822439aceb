/** All scenarios by name, in the order in which they are played. */
import { CABLE } from './scenes/cable.ts';
import { DISKS } from './scenes/disks.ts';
import { LEADER_DOWN } from './scenes/leader-down.ts';
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
  ...[CABLE, MINORITY, LEADER_DOWN, ...PARTITIONS, ...WIRES, ...TIMES, OLD_LEADER, ...DISKS],
  ...[...LIMIT_SCENES, ...MANY, SOAK],
];

/** What runs out, what wires and disks do to a cluster, sixteen daemons, and a soak: eleven minutes and the soak's own. */
export const BRIEF: readonly string[] = [
  ...['bad-wires', 'mtu', 'one-way', 'pauses', 'slow-disk', 'hanging-disk', 'failing-disk', 'full-disk'],
  ...['descriptors', 'memory', 'cpu-quota', 'overload', 'many-16', 'soak'],
];
