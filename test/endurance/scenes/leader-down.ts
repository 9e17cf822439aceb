/**
 * LeaderDown as people hear of it. A node that is cut off can't tell its own lot from the cluster's: it tells,
 * once, and its end is told once it is back. When the cluster itself then stands still in the same term, that
 * is another incident, which is told too. A receiver beside the hosts keeps what comes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../../../src/base/index.ts';
import { HttpReceiver } from '../../unit/rpc/http-receiver.ts';
import { cast, leadOf, termOf, wiresOf, within } from '../cast.ts';
import type { Scenario, Stage } from '../stage.ts';

/** Whoever would tell twice has done it by then: a channel is tried again after a second, gossip takes less. */
const SETTLE_MS = 3000;
const TOLD_MS = 60_000;

interface Posted {
  readonly groupKey: string;
  readonly status: string;
  readonly alerts: readonly { readonly labels: { readonly alertname: string } }[];
}

/** All that came of LeaderDown, as `firing term-3`. */
function postsOf(receiver: HttpReceiver): string[] {
  return receiver.requests
    .map(({ body }) => JSON.parse(body) as Posted)
    .filter((post) => post.alerts[0]?.labels.alertname === 'LeaderDown')
    .map((post) => `${post.status} ${post.groupKey.split('/').at(-1)}`);
}

/** Notes how long it takes until `post` has come. */
async function heard(stage: Stage, receiver: HttpReceiver, post: string): Promise<void> {
  const began = performance.now();
  await within(TOLD_MS, async () => postsOf(receiver).includes(post));
  stage.note(`${post}: after, ms`, Math.round(performance.now() - began));
}

export const LEADER_DOWN: Scenario = {
  name: 'leader-down',
  about: 'a cut-off node tells LeaderDown once, and a real outage in the same term is told as well, once',
  missing: () => null,
  async play(stage) {
    const { lab, cluster } = await cast(stage, 3);
    const receiver = await HttpReceiver.start(null, lab.client.address);
    stage.onEnd(() => receiver.stop());
    // an address that is none of the node's own may hold a secret, and is kept out of the configuration
    const file = join(stage.temporary(), 'hook');
    writeFileSync(file, receiver.url('/hook', lab.client.address));
    const rule = '{name: LeaderDown, condition: "leader_count == 0", severity: critical, actions: [webhook]}';
    const text = `notifiers: {webhook: {url: "file:${file}"}}\nalerts: [${rule}]`;
    await cluster.client().putConfig({ text });
    const { leader, followers, term } = await leadOf(cluster);
    const apart = must(followers[0], 'a follower');
    const other = must(followers[1], 'another one');
    const first = `term-${term}`;
    const second = `term-${term}.2`;

    // packets between it and the others vanish; the receiver is still there for it
    lab.together(() => {
      for (const [from, to] of wiresOf(lab, apart.host)) lab.cut(from, to);
    });
    await heard(stage, receiver, `firing ${first}`);
    await sleep(SETTLE_MS);
    stage.equal('a node is cut off: told', postsOf(receiver), [`firing ${first}`]);
    lab.heal();
    await heard(stage, receiver, `resolved ${first}`);
    stage.equal('it is back: the term', await termOf(cluster), term);

    // a leader that dies between a message and its record leaves the next one to send it again: at least once
    await sleep(SETTLE_MS);
    // the same term, and nobody is left to lead in it
    await Promise.all([leader, other].map(({ nodeId }) => cluster.killNode(nodeId)));
    await heard(stage, receiver, `firing ${second}`);
    await sleep(SETTLE_MS);
    await Promise.all([leader, other].map(({ nodeId }) => cluster.startNode(nodeId)));
    await heard(stage, receiver, `resolved ${second}`);
    await sleep(SETTLE_MS);
    stage.equal('all that was told', postsOf(receiver), [
      ...[`firing ${first}`, `resolved ${first}`],
      ...[`firing ${second}`, `resolved ${second}`],
    ]);
  },
};
