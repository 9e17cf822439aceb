import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { play } from '../golden/raft/commands.ts';
import { Scene } from '../golden/raft/scene.ts';
import { LockStep, Mismatch } from './lock-step.ts';
import { walk } from './walk.ts';

const TRANSCRIPTS = new URL('../golden/raft/', import.meta.url);
const WALKS = 150;
const STEPS = 400;

describe('RaftConsensus in lock-step with the reference model', () => {
  it.each(readdirSync(TRANSCRIPTS).filter((name) => name.endsWith('.txt')))('plays %s', (name) => {
    const scene = new Scene();
    const watch = new LockStep();
    scene.watch = watch;
    for (const line of readFileSync(new URL(name, TRANSCRIPTS), 'utf8').split('\n')) {
      if (line.startsWith('>')) play(scene, line.slice(1));
    }
    expect(watch.compared).toBeGreaterThan(5);
  });

  it(`agrees after every step of ${WALKS} random walks`, { timeout: 120_000 }, () => {
    const seen = new Map<string, number>();
    let compared = 0;
    for (let seed = 1; seed <= WALKS; seed++) {
      const watch = walk(seed, STEPS);
      compared += watch.compared;
      for (const [name, count] of watch.seen) seen.set(name, (seen.get(name) ?? 0) + count);
    }
    expect(compared).toBeGreaterThan(WALKS * STEPS);
    // a walk that never gets anywhere compares nothing
    for (const name of ['vote', 'append', 'snapshot', 'timeout-now', 'propose-membership', 'storage-ack']) {
      expect(seen.get(name) ?? 0, name).toBeGreaterThan(WALKS / 4);
    }
    for (const change of ['add-learner', 'promote', 'demote', 'remove', 'replace', 'set-address']) {
      expect(seen.get(change) ?? 0, change).toBeGreaterThan(4);
    }
  });

  it('differs as soon as a core does what no rule asks for', () => {
    const scene = new Scene();
    scene.watch = new LockStep();
    play(scene, 'nodes n1 n2 n3');
    play(scene, 'campaign n1');
    play(scene, 'stabilize');
    // a proposal that the model is not told of, as if the leader had made it up
    const data = new Uint8Array(1);
    const input = { kind: 'propose', proposals: [{ id: 1, kind: 'command', timestamp: 0, data }] } as const;
    scene.core('n1').step(input, scene.now);
    expect(() => play(scene, 'tick n1')).toThrow(Mismatch);
  });
});
