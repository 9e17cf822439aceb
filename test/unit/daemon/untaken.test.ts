/** What the main thread hands to a consensus thread that takes nothing has a bound; the test is that thread. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { ConsensusLink } from '../../../daemon/consensus-link.ts';
import type { ConsensusToMain, MainToConsensus } from '../../../daemon/protocol.ts';
import { LIMITS, type SqlccError } from '../../../src/base/index.ts';

let ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

const nothing = (): void => {};

function link() {
  const { port1, port2 } = new MessageChannel();
  ports = [port1, port2];
  const consensus = new ConsensusLink(port1, {
    ...{
      events: nothing,
      status: nothing,
      handOver: nothing,
      measures: nothing,
      committed: nothing,
      peer: nothing,
      log: nothing,
    },
    leader: () => null,
  });
  /** All that waits in the port. */
  const taken = (): MainToConsensus[] => {
    const messages: MainToConsensus[] = [];
    for (;;) {
      const next = receiveMessageOnPort(port2);
      if (next === undefined) return messages;
      messages.push(next.message);
    }
  };
  const say = (message: ConsensusToMain): void => port2.postMessage(message);
  return { consensus, taken, say };
}

/** Calls whose callers give up at once. */
async function propose(consensus: ConsensusLink, count: number, bytes: number): Promise<string[]> {
  const calls = Array.from({ length: count }, () =>
    consensus.proposals.propose('sql', new Uint8Array(bytes), 1).then(
      () => 'applied',
      (error: SqlccError) => error.code,
    ),
  );
  return Promise.all(calls);
}

function bytesOf(messages: readonly MainToConsensus[]): number {
  return messages.reduce((sum, m) => sum + (m.kind === 'propose' ? m.packed.data.byteLength : 0), 0);
}

describe('ConsensusLink', () => {
  it('refuses proposals while the consensus thread takes none, also when nobody waits for the old ones', async () => {
    const { consensus, taken, say } = link();
    const size = LIMITS.maxEntryBytes;
    const fit = LIMITS.maxUntakenBytes / size;
    const codes: string[] = [];
    for (let n = 0; n < 6; n++) codes.push(...(await propose(consensus, fit / 4, size)));
    expect(consensus.proposals.size).toBe(0);
    // what is around them counts too
    const took = codes.filter((code) => code === 'outcome_unknown').length;
    expect(took).toBe(fit - 1);
    expect(codes.slice(took)).toEqual(codes.slice(took).map(() => 'overloaded'));
    // and reads when it is full to the brim
    for (let bytes = size / 2; bytes >= 1; bytes /= 2) await propose(consensus, 1, bytes);
    await expect(consensus.readBarrier(1000)).rejects.toMatchObject({ code: 'overloaded' });
    const messages = taken();
    expect(bytesOf(messages)).toBeLessThan(LIMITS.maxUntakenBytes);
    // once they are taken there is room again
    const asked = messages.findLast((m) => m.kind === 'hear');
    say({ kind: 'heard', upTo: asked?.upTo ?? 0 });
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    while ((await propose(consensus, 1, size)).includes('overloaded')) await turn();
    // one whose caller gives up at once may have gone by before it was handed over: this one waits
    void consensus.proposals.propose('sql', new Uint8Array(size), 60_000).catch(nothing);
    const handed: MainToConsensus[] = [];
    while (bytesOf(handed) < size) {
      await turn();
      handed.push(...taken());
    }
    expect(bytesOf(handed)).toBeLessThanOrEqual(2 * size);
  });
});
