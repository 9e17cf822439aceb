import { describe, expect, it } from 'vitest';
import { joinedConfigText, nodeConfigText } from '../../../daemon/config-text.ts';
import { type ClusterConfig, parseConfig } from '../../../src/config/index.ts';

const NODE = {
  clusterName: 'my "trial"',
  nodeId: 'n2',
  dataDir: '/srv/n2: data',
  host: '127.0.0.1',
  advertiseHost: null,
  ...{ port: 5443, clientPort: 5444, peerPort: 5445, metricsPort: 9091 },
  zone: 'rack-2',
};

function parsed(text: string): ClusterConfig {
  const result = parseConfig(text, { source: 'test' });
  if (!result.ok) throw new TypeError(result.issues.map((i) => i.message).join('; '));
  return result.config;
}

const OWN = { ...NODE, clusterName: 'trial' };
const SHARED = [
  'cluster: {name: trial, raft: {heartbeat_interval_ms: 20, election_timeout_ms: 90}}',
  'notifiers: {webhook: {url: "env:HOOK"}}',
].join('\n');

describe('nodeConfigText', () => {
  it('gives a file that loads, whatever is in the names', () => {
    expect(parsed(nodeConfigText(OWN))).toMatchObject({
      nodeId: 'n2',
      dataDir: '/srv/n2: data',
      zone: 'rack-2',
    });
    expect(parseConfig(nodeConfigText(NODE), { source: 'test' })).toMatchObject({
      ok: false,
      issues: [{ path: 'cluster.name', line: 4 }],
    });
  });
});

describe('joinedConfigText', () => {
  it("holds the node's own keys and what the cluster runs with", () => {
    const config = parsed(joinedConfigText(OWN, SHARED));
    expect(config).toMatchObject({
      ...{ name: 'trial', nodeId: 'n2', zone: 'rack-2', dataDir: '/srv/n2: data' },
      network: { port: 5443, clientPort: 5444, peerPort: 5445 },
      raft: { heartbeatIntervalMs: 20, electionTimeoutMs: 90, logCompactionThreshold: 1000 },
      monitoring: { metricsPort: 9091 },
      notifiers: { webhook: { url: 'env:HOOK' } },
    });
  });

  it('keeps the defaults when the cluster told nothing that can be read', () => {
    for (const shared of ['', '{', 'cluster: {raft: {heartbeat_interval_ms: 9999}}']) {
      expect(parsed(joinedConfigText(OWN, shared))).toEqual(parsed(nodeConfigText(OWN)));
    }
  });
});
