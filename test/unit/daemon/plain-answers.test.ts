import { describe, expect, it, onTestFinished } from 'vitest';
import type { NodeContext } from '../../../daemon/node-context.ts';
import { type ProbedNode, plainAnswer, probe } from '../../../daemon/plain-answers.ts';
import { PlainServer } from '../../../src/rpc/index.ts';

const FOLLOWER: ProbedNode = {
  ...{ nodeId: 'n2', role: 'follower', leaderId: 'n1', term: 7, isVoter: true },
  ...{ isReady: true, isOpen: true, isResponsive: true, isCurrent: true, isInMaintenance: false },
  ...{ health: 'HEALTHY', lagBytes: 5000, zone: 'east', metadata: { disk: 'ssd' } },
};
const LEADER: ProbedNode = { ...FOLLOWER, nodeId: 'n1', role: 'leader', lagBytes: 0 };
const OBSERVER: ProbedNode = { ...FOLLOWER, role: 'learner', isVoter: false };
const STARTING: ProbedNode = {
  ...{ ...FOLLOWER, role: null, leaderId: null, term: null, isVoter: false },
  ...{ isReady: false, isOpen: false, health: 'UNKNOWN', lagBytes: null },
};

const PATHS = [
  ...['/primary', '/leader', '/read-write', '/replica', '/read-only', '/synchronous', '/quorum'],
  ...['/asynchronous', '/health', '/readiness', '/liveness'],
];

/** The paths that answer 200. */
function open(node: ProbedNode, query = ''): string[] {
  return PATHS.filter((path) => {
    const answer = probe(node, path, new URLSearchParams(query));
    expect([200, 503]).toContain(answer?.status);
    return answer?.status === 200;
  });
}

describe('probe', () => {
  const always = ['/health', '/readiness', '/liveness'];

  it.each<[string, ProbedNode, string, string[]]>([
    ['the leader', LEADER, '', ['/primary', '/leader', '/read-write', '/read-only', ...always]],
    [
      'the leader, whatever the lag',
      LEADER,
      'lag=0',
      ['/primary', '/leader', '/read-write', '/read-only', ...always],
    ],
    ['a voter', FOLLOWER, '', ['/replica', '/read-only', '/synchronous', '/quorum', ...always]],
    [
      'a voter near enough',
      FOLLOWER,
      'lag=5kB',
      ['/replica', '/read-only', '/synchronous', '/quorum', ...always],
    ],
    ['a voter too far', FOLLOWER, 'lag=4999', ['/health', '/liveness']],
    ['a voter of unknown lag', { ...FOLLOWER, lagBytes: null }, 'lag=1GB', ['/health', '/liveness']],
    ['an observer', OBSERVER, '', ['/replica', '/read-only', '/asynchronous', ...always]],
    ['a node in maintenance', { ...FOLLOWER, isInMaintenance: true }, '', always],
    ['a sick node', { ...FOLLOWER, health: 'UNHEALTHY' }, '', ['/readiness', '/liveness']],
    [
      'a node without a leader',
      { ...FOLLOWER, isReady: false, leaderId: null },
      '',
      ['/health', '/liveness'],
    ],
    ['a leader that stops', { ...LEADER, isReady: false }, '', ['/health', '/liveness']],
    ['a node that starts', STARTING, '', ['/liveness']],
    ['a leader whose consensus is silent', { ...LEADER, isCurrent: false }, '', ['/health', '/liveness']],
    ['a voter whose consensus is silent', { ...FOLLOWER, isCurrent: false }, '', ['/health', '/liveness']],
    ['a node whose consensus hangs', { ...STARTING, isResponsive: false }, '', []],
  ])('answers %s by status', (_case, node, query, paths) => {
    expect(open(node, query)).toEqual(paths);
  });

  it('says the same under every name that a path has', () => {
    const same = [
      ['/primary', '/', '/master', '/leader', '/read-write'],
      ['/synchronous', '/sync', '/quorum'],
      ['/asynchronous', '/async'],
      ['/read-only-sync', '/read-only-quorum'],
    ];
    for (const node of [LEADER, FOLLOWER, OBSERVER, STARTING]) {
      const status = (path: string) => probe(node, path, new URLSearchParams())?.status;
      for (const names of same) expect(new Set(names.map(status)).size).toBe(1);
      expect([status('/patroni'), status('/standby-leader')]).toEqual([200, 503]);
    }
    const either = [LEADER, FOLLOWER, OBSERVER].map((node) => {
      return probe(node, '/read-only-sync', new URLSearchParams())?.status;
    });
    expect(either).toEqual([200, 200, 503]);
  });

  it.each([
    ['tag_disk=ssd', 200],
    ['tag_disk=ssd&tag_zone=east', 200],
    ['tag_zone=west', 503],
    ['tag_disk=', 503],
    ['tag_toString=x', 503],
    ['tag_nothing=x', 503],
    ['x=y', 200],
  ])('wants the tags of %s', (query, status) => {
    expect(probe(FOLLOWER, '/replica', new URLSearchParams(query))?.status).toBe(status);
  });

  it('tells how the node is, as JSON', () => {
    const answer = probe(FOLLOWER, '/replica', new URLSearchParams());
    expect(answer?.contentType).toBe('application/json');
    expect(JSON.parse(answer?.text ?? '')).toEqual({
      ...{ node_id: 'n2', role: 'replica', state: 'running', leader_id: 'n1', term: 7, voter: true },
      ...{ maintenance: false, health: 'HEALTHY', lag_bytes: 5000, tags: { disk: 'ssd', zone: 'east' } },
    });
  });

  it('refuses a lag that is no size, and knows no other path', () => {
    expect(probe(FOLLOWER, '/replica', new URLSearchParams('lag=much'))?.status).toBe(400);
    for (const path of ['/primary/', '/switchover', '/toString', '/v1/status'])
      expect(probe(LEADER, path, new URLSearchParams())).toBeUndefined();
  });
});

describe('plainAnswer', () => {
  it('refuses metrics that are off, and still answers probes', async () => {
    const status = { role: 'leader', leaderId: 'n1', term: 7, membership: { voters: [{ nodeId: 'n1' }] } };
    const context = {
      ...{ facts: { nodeId: 'n1' }, state: { cluster: null }, consensus: { status, statusAgeMs: 0 } },
      ...{ isReady: () => true, ownFacts: () => ({ digest: null }), lag: () => ({ applied: 0 }) },
      exposition: () => ({ contentType: 'text/plain', text: 'sqlcc_up 1\n' }),
      config: { monitoring: { enableMetrics: true } },
    };
    const server = new PlainServer({
      ...{ host: '127.0.0.1', port: 0 },
      handle: (question) => plainAnswer(context as unknown as NodeContext, question),
    });
    await server.start();
    onTestFinished(() => server.stop());
    const statuses = async () => {
      const paths = ['/metrics', '/primary', '/livez', '/readyz'];
      return Promise.all(
        paths.map(async (path) => (await fetch(`http://127.0.0.1:${server.port}${path}`)).status),
      );
    };
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    // it is asked of the configuration in force with each request: no restart
    context.config = { monitoring: { enableMetrics: false } };
    expect(await statuses()).toEqual([404, 200, 200, 200]);
  });
});
