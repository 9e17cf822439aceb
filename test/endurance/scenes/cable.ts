/**
 * A leader whose cable is pulled: packets vanish, nobody gets a reset, so that nothing but silence says that
 * it is gone. Followers find out by their election timeouts, clients by their own patience.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { measured } from '../../../daemon/drill.ts';
import { cast, leadOf } from '../cast.ts';
import { Load } from '../load.ts';
import type { Scenario } from '../stage.ts';

const ROUNDS = 20;
/** Writes must flow this long before a cut, so that a gap is a gap. */
const CALM_MS = 800;

export const CABLE: Scenario = {
  name: 'cable',
  about: `the leader's cable is pulled ${ROUNDS} times, without a reset: first write again, p99 ≤ 400 ms`,
  missing: () => null,
  async play(stage) {
    const { lab, cluster } = await cast(stage, 3);
    const load = await Load.start(stage, cluster);
    const firsts: number[] = [];
    const terms: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await sleep(CALM_MS);
      const before = await leadOf(cluster);
      const dropped = lab.droppedPackets();
      const cutAt = performance.now();
      lab.unplug(before.leader.host);
      // answers that had come before the cut may still wait to be read; no election is that fast
      await sleep(60);
      const first = await load.nextAck(performance.now(), 10_000);
      const took = first === null ? 10_000 : performance.now() - cutAt;
      firsts.push(took);
      const after = await leadOf(cluster);
      terms.push(after.term - before.term);
      const isCut = lab.droppedPackets() > dropped && after.leader !== before.leader;
      if (!isCut) stage.claim(`round ${round} cut the leader off`, false, lab.droppedPackets() - dropped);
      stage.say(`  round ${round}: ${Math.round(took)} ms, ${before.leader.nodeId} → ${after.leader.nodeId}`);
      lab.heal();
      await cluster.untilHealthy();
    }
    const spread = measured(firsts);
    stage.note('first_write_ms', spread);
    stage.note('terms_per_round', measured(terms));
    stage.atMost('first write after the cut, p99 in ms', spread.p99, 400);
    stage.atMost('terms of a round', Math.max(...terms), 2);
    await load.verify(stage);
  },
};
