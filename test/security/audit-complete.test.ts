/**
 * Every route of control is walked on a real cluster: what succeeds leaves its line in the replicated audit, in the
 * caller's name. A new row of the endpoint table without a line here fails.
 */
import { once } from 'node:events';
import { connect, type SecureClientSessionOptions } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { ENDPOINTS, type Endpoint } from '../../src/api/index.ts';
import { must } from '../../src/base/index.ts';
import type { AuditRow } from '../../src/client/index.ts';
import { followerOf, leaderOf, sharedCluster, until } from '../cluster/harness.ts';
import { adminFile, HttpCaller } from '../cluster/http-caller.ts';
import { Signer } from './credentials.ts';

const shared = sharedCluster(3);

/** Rows that are not walked here, each with its reason. */
const NOT_WALKED: Readonly<Record<string, string>> = {
  verify: 'compares what nodes hold and changes nothing: its entry only names an index of the log',
  cancelOperation:
    'nothing runs long enough to be cancelled: test/unit/cluster/audit.test.ts has its command',
  acknowledgeAlert:
    'needs an alert that fires: test/cluster/alert-kills.test.ts has some, the unit test its line',
  unacknowledgeAlert: 'needs one that was acknowledged: test/unit/cluster/control.test.ts has its line',
  testAlert: 'needs a receiver; it sends a word that says it is a test, and changes nothing',
};

/** What earlier steps made, by name. */
type Made = Record<string, string>;
interface Step {
  readonly action: string;
  readonly path?: (made: Made) => string;
  readonly body?: (made: Made) => object;
  /** Keeps what later steps need. */
  readonly keep?: (answer: Readonly<Record<string, unknown>>, made: Made) => void;
}

const soon = (): string => new Date(Date.now() + 600_000).toISOString();
const idOf = (value: unknown): string => String((value as { id: unknown }).id);

/** In this order; the path is the row's where none is given. */
const STEPS: Readonly<Record<string, Step>> = {
  updateNode: {
    action: 'node-update',
    path: (m) => `/v1/nodes/${m['follower']}`,
    body: () => ({ zone: 'z' }),
  },
  pauseCluster: { action: 'cluster-pause', body: () => ({ reason: 'walk' }) },
  resumeCluster: { action: 'cluster-resume', path: () => '/v1/pause?reason=walk' },
  scheduleOperation: {
    action: 'schedule-add',
    body: () => ({ kind: 'failover', at: soon(), reason: 'walk' }),
    keep: (answer, m) => {
      m['schedule'] = idOf(answer['entry']);
    },
  },
  cancelSchedule: { action: 'schedule-cancel', path: (m) => `/v1/schedule/${m['schedule']}` },
  createToken: {
    action: 'token-create',
    body: () => ({ kind: 'access', role: 'viewer' }),
    keep: (answer, m) => {
      m['token'] = idOf(answer);
    },
  },
  revokeToken: { action: 'token-revoke', path: (m) => `/v1/tokens/${m['token']}` },
  setUser: {
    action: 'user-set',
    path: () => '/v1/users/walker',
    body: () => ({ role: 'viewer', mode: 'add', reason: 'walk' }),
  },
  revokeUser: { action: 'user-revoke', path: () => '/v1/users/walker?reason=walk' },
  revokeCertificate: {
    action: 'certificate-revoke',
    body: () => ({ serial: '0badc0de', reason: 'walk' }),
  },
  renewNodeCertificate: { action: 'certificate-renew', body: () => ({}) },
  setLogLevel: { action: 'log-level', body: () => ({ level: 'DEBUG', for_ms: 1000 }) },
  createSilence: {
    action: 'silence-create',
    body: () => ({ rule: 'NodeDown', for_ms: 60_000, reason: 'walk' }),
    keep: (answer, m) => {
      m['silence'] = idOf(answer);
    },
  },
  putConfig: {
    action: 'config-put',
    body: () => ({
      text: 'cluster: {raft: {heartbeat_interval_ms: 45}}',
      reason: 'walk',
      confirm_within_ms: 60_000,
    }),
  },
  confirmConfig: { action: 'config-confirm', body: () => ({}) },
  activateConfig: {
    action: 'config-put',
    path: () => '/v1/config/versions/1/activate',
    body: () => ({ reason: 'walk' }),
  },
  rollbackConfig: {
    action: 'config-put',
    path: () => '/v1/config/versions/2/rollback',
    body: () => ({ reason: 'walk' }),
  },
  runOperation: {
    action: 'operation-begin',
    body: (m) => ({ kind: 'maintenance', node_id: m['follower'], enable: true, reason: 'walk' }),
  },
  removeSilence: { action: 'silence-expire', path: (m) => `/v1/silences/${m['silence']}` },
  // last: the cluster is smaller from here on
  removeNode: { action: 'operation-begin', path: (m) => `/v1/nodes/${m['follower']}?reason=walk` },
};

const isControl = ({ scope, method }: Endpoint): boolean =>
  ['operate', 'administer', 'join'].includes(scope) && method !== 'GET';

describe('the refusals of a node', () => {
  it('hold a stream of peers that somebody without a right to it wanted, on each port that has them', async () => {
    const cluster = shared();
    const leader = await leaderOf(cluster);
    const { port, peerPort } = cluster.node(leader);
    const tls = {
      ca: adminFile(cluster, 'ca.crt'),
      ...(await Signer.of(cluster).issue({ role: 'viewer', id: 'eve' })),
      checkServerIdentity: () => undefined,
    } as SecureClientSessionOptions;
    // the consensus port knows nodes only: whoever is none is nobody there
    for (const [to, who] of [
      [port, 'viewer eve'],
      [peerPort, 'nobody'],
    ] as const) {
      const before = (await cluster.client().denials({ node: leader })).records.at(-1)?.seq ?? 0;
      const session = connect(`https://127.0.0.1:${to}`, tls);
      session.on('error', () => {});
      const stream = session.request({
        ':method': 'CONNECT',
        ':authority': 'peer',
        'x-sqlcc-stream': 'gossip',
      });
      stream.on('error', () => {});
      await once(stream, 'response');
      session.destroy();
      await until(`a line of port ${to}`, async () => {
        const kept = await cluster.client().denials({ node: leader });
        return kept.records.some((r) => r.seq > before && r.who === who);
      });
    }
  });
});

describe('the audit', () => {
  it('has a step, or a reason to have none, for every row of control', () => {
    const rows = (Object.entries(ENDPOINTS) as [string, Endpoint][]).filter(([, e]) => isControl(e));
    const missing = rows.map(([name]) => name).filter((name) => !(name in STEPS) && !(name in NOT_WALKED));
    expect(missing.filter((name) => name !== 'join')).toEqual([]);
    // a reason for a row that is not there, or is walked, is a leftover
    expect(Object.keys(NOT_WALKED).filter((name) => name in STEPS || !(name in ENDPOINTS))).toEqual([]);
  });

  it('has a line of an operation that was refused: who, what, why, and with which reasons', async () => {
    const leader = await leaderOf(shared());
    const caller = new HttpCaller(shared());
    const body = { kind: 'failover', to: leader, reason: 'a mistake' };
    // only to look is no act
    const looked = await caller.ask(leader, 'POST', '/v1/operations', { body: { ...body, dry_run: true } });
    const answer = await caller.ask(leader, 'POST', '/v1/operations', { body });
    await caller.close();
    expect([looked.status, answer.status]).toEqual([200, 409]);
    const refused = async () => {
      const { records } = await shared().client().audit();
      const lines = records.filter((r) => r.action === 'operation-refused');
      return lines.length > 0 ? lines : null;
    };
    expect(await until('its line', refused)).toMatchObject([
      {
        ...{ actor: 'admin', target: `failover → ${leader}`, reason: 'a mistake' },
        outcome: `failed_precondition: refused: ${leader} is the leader already`,
      },
    ]);
  });

  it('has a line of each of them that succeeds, in the name of who asked', async () => {
    const cluster = shared();
    const client = cluster.client();
    const caller = new HttpCaller(cluster);
    const made: Made = { follower: await followerOf(cluster) };
    // the others were joined by tokens when the cluster was formed
    const joined = (await client.audit()).records.filter((r) => r.action === 'node-admit');
    expect(joined.map((r) => r.actor)).toEqual([
      expect.stringMatching(/^join:/),
      expect.stringMatching(/^join:/),
    ]);
    for (const [name, step] of Object.entries(STEPS)) {
      const endpoint: Endpoint = must((ENDPOINTS as Record<string, Endpoint>)[name], name);
      // one operation at a time: that of an earlier step may still run
      await until('no operation to run', async () =>
        (await client.operations()).operations.every((o) => o.state !== 'running'),
      );
      const before = (await client.audit()).records.at(-1)?.seq ?? 0;
      // nothing is led on to another node here
      const leader = await leaderOf(cluster);
      const body = step.body === undefined ? {} : { body: step.body(made) };
      const path = step.path?.(made) ?? endpoint.path;
      const answer = await caller.ask(leader, endpoint.method, path, { ...body, timeoutMs: 30_000 });
      expect(answer.status, `${name}: ${answer.text}`).toBeLessThan(300);
      step.keep?.(answer.body, made);
      const isIts = (r: AuditRow): boolean =>
        r.seq > before && r.action === step.action && r.actor === 'admin' && r.outcome === 'ok';
      await until(`a line of ${name}`, async () => (await client.audit()).records.some(isIts));
    }
    await caller.close();
  });
});
