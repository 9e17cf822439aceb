/** What a node makes of the answers to its announcement: some end it, some it waits out. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AnnounceParts, announce } from '../../../daemon/announce.ts';
import type { AnnounceRequest } from '../../../src/api/index.ts';

const OTHER = { nodeId: 'n2', host: '127.0.0.1', port: 1 };

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly certificate?: string;
}

/** Announces to one other node, which answers with `refusal` for `forMs`, and takes it then. */
function announced(refusal: Refusal, forMs: number) {
  const logged: string[] = [];
  const began = performance.now();
  const { status, code, message, certificate } = refusal;
  const answer = () =>
    performance.now() - began < forMs
      ? { status, json: () => ({ code, message, details: { certificate } }) }
      : { status: 200, json: () => ({}) };
  const parts = {
    nodeId: 'n1',
    reads: { isLeader: false, leader: () => OTHER, others: () => [OTHER] },
    http: { request: async () => answer() },
    logger: { log: (level: string, event: string) => logged.push(`${level} ${event}`) },
  } as unknown as AnnounceParts;
  const never = new AbortController().signal;
  return { done: announce(parts, {} as AnnounceRequest, never), logged };
}

describe('announce', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('ends a node that the record does not want, once the refusal has stood', async () => {
    const gone = { status: 401, code: 'unauthenticated', message: 'node n1 was removed from this cluster' };
    const refused = expect(announced(gone, 60_000).done).rejects.toMatchObject({ code: 'unauthenticated' });
    await vi.advanceTimersByTimeAsync(4000);
    await refused;
  });

  it('waits out a refusal that a clock makes, and says so once', async () => {
    for (const certificate of ['Error: CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']) {
      const message = `the certificate was refused: ${certificate}`;
      const wrong = { status: 401, code: 'unauthenticated', message, certificate };
      const { done, logged } = announced(wrong, 3_600_000);
      await vi.advanceTimersByTimeAsync(3_601_000);
      await done;
      expect(logged.filter((line) => line === 'warn announce-retry')).toHaveLength(1);
      expect(logged.length).toBeGreaterThan(10);
    }
  });
});
