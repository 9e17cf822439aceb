/** A comparison as the leader makes it, over a record that may change and answers that come when they like. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeContext } from '../../../daemon/node-context.ts';
import { verify } from '../../../daemon/routes/verify.ts';
import type { VerifyResponse } from '../../../src/api/index.ts';
import { type ClusterCommand, STATE_FORMAT } from '../../../src/cluster/index.ts';
import type { Call } from '../../../src/rpc/index.ts';
import { record, threeNodes } from '../cluster/world.ts';

const DEADLINE_MS = 10_000;
const good = [{ part: 'table t', rows: 3, sha256: 'good' }];
const bad = [{ part: 'table t', rows: 3, sha256: 'bad' }];
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** n1 leads and is right, as is n2; n3 is not. */
class World {
  readonly ledger = threeNodes();
  /** How long each node takes, ms; longer than it was asked to: it says so. */
  takes: Record<string, number> = {};
  /** What the log does with the result. */
  record: () => Promise<void> = async () => {};
  readonly logged: string[] = [];

  async #part(nodeId: string, wait: number) {
    const late = this.takes[nodeId] ?? 0;
    await sleep(Math.min(wait, late));
    const parts = late > wait ? null : nodeId === 'n3' ? bad : good;
    const format = { record_format: STATE_FORMAT };
    const error = late > wait ? 'late' : null;
    return { node_id: nodeId, applied_index: 9, ...format, parts, damage: null, error };
  }

  get context(): NodeContext {
    const { ledger, logged } = this;
    return {
      facts: { nodeId: 'n1' },
      verifier: {
        warm: async () => {},
        part: async (_id: string, _index: number, wait: number) => this.#part('n1', wait),
      },
      state: ledger,
      ownFacts: () => ({ nodeId: 'n1', digest: null }),
      config: { replication: {} },
      events: {},
      reads: { requireLeader: async () => {} },
      gossip: { member: () => undefined, members: () => new Map() },
      http: {
        request: async ({ endpoint, body }: { endpoint: string; body: { id: string; wait_ms: number } }) => {
          const port = Number(endpoint.split(':')[1]);
          const nodeId = ['n1', 'n2', 'n3', 'n4'].find((id) => record(id).port === port) ?? '';
          const said = await this.#part(nodeId, body.id === null ? 0 : body.wait_ms);
          return { status: 200, json: () => said };
        },
      },
      consensus: {
        status: {},
        proposals: {
          propose: async (_kind: string, data: Uint8Array) => {
            const { command } = JSON.parse(new TextDecoder().decode(data)) as { command: ClusterCommand };
            if (command.kind === 'verify-result') await this.record();
            const result = ledger.apply(command);
            return { index: ledger.index, result };
          },
        },
      },
      logger: { log: (_level: string, event: string) => logged.push(event) },
    } as unknown as NodeContext;
  }

  /** What a caller with DEADLINE_MS of time is answered. */
  async verify(): Promise<VerifyResponse> {
    const began = performance.now();
    const remainingMs = () => DEADLINE_MS - (performance.now() - began);
    const { body } = await verify(this.context, { body: {}, remainingMs } as unknown as Call);
    return body as VerifyResponse;
  }

  diverged(nodeId: string): number | undefined {
    return this.ledger.cluster.nodes[nodeId]?.diverged;
  }
}

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => void vi.useRealTimers());

describe('verify', () => {
  it('puts the disk on record that differs', async () => {
    const answer = world.verify();
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect((await answer).nodes.map((n) => n.state)).toEqual(['ok', 'ok', 'differs']);
    expect(world.diverged('n3')).toBe((await answer).index);
  });

  it('answers in time though a node uses up its own and the log is slow, and is recorded later', async () => {
    const observer = record('n4', { suffrage: 'observer' });
    world.ledger.done({ kind: 'node-admit', node: observer, tokenId: null });
    world.takes = { n4: 60_000 };
    world.record = async () => void (await sleep(3000));
    let answer: VerifyResponse | null = null;
    void world.verify().then((said) => {
      answer = said;
    });
    await vi.advanceTimersByTimeAsync(DEADLINE_MS - 1);
    expect(answer).toMatchObject({ verdict: 'differs' });
    expect(world.diverged('n3')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(3000);
    expect(world.diverged('n3')).toBeGreaterThan(0);
  });

  it('does not put another disk on record that has taken the name while a node was waited for', async () => {
    world.takes = { n2: 4000 };
    const answer = world.verify();
    await vi.advanceTimersByTimeAsync(2000);
    world.ledger.done({ kind: 'node-remove', nodeId: 'n3', reason: 'diverged' });
    world.ledger.done({ kind: 'node-admit', node: record('n3', { instanceId: 'new' }), tokenId: null });
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect((await answer).verdict).toBe('differs');
    expect(world.diverged('n3')).toBeUndefined();
  });
});
