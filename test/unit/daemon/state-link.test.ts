import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { MainToState, StateToMain } from '../../../daemon/protocol.ts';
import { StateLink } from '../../../daemon/state-link.ts';

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A link and a state worker that answers each hash after `busyMs` and counts them. */
function make(busyMs: number) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const walks: number[] = [];
  port2.on('message', (message: MainToState) => {
    if (message.kind !== 'hash') return;
    walks.push(performance.now());
    const answer: StateToMain = { kind: 'hash', id: message.id, hash: `walk ${walks.length}`, index: 7 };
    setTimeout(() => port2.postMessage(answer), busyMs);
  });
  const nothing = (): void => {};
  const listener = {
    applied: nothing,
    restored: nothing,
    diverged: nothing,
    snapshot: nothing,
    log: nothing,
  };
  return { walks, link: new StateLink(port1, listener) };
}

describe('StateLink', () => {
  it('hash is one walk for all who ask meanwhile', async () => {
    const { walks, link } = make(5);
    const answers = await Promise.all(Array.from({ length: 20 }, () => link.hash()));
    expect(new Set(answers.map((a) => a.hash))).toEqual(new Set(['walk 1']));
    expect(walks).toHaveLength(1);
    expect(await link.hash()).toEqual({ hash: 'walk 2', index: 7 });
  });

  it('hash leaves most of the time to writes, however often it is asked', async () => {
    const { walks, link } = make(20);
    for (let i = 0; i < 3; i++) await link.hash();
    expect(walks).toHaveLength(3);
    expect((walks[2] as number) - (walks[0] as number)).toBeGreaterThanOrEqual(2 * 5 * 19);
  });
});
