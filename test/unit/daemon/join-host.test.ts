import { describe, expect, it } from 'vitest';
import { borrowedHost } from '../../../daemon/routes/join.ts';
import { record } from '../cluster/world.ts';

const cluster = {
  nodes: { n1: record('n1', { host: 'db1.example.org' }), n2: record('n2', { host: '10.0.0.2' }) },
};
const ask = (host: string, suffrage: 'voter' | 'observer' = 'observer', node_id = 'o1') =>
  borrowedHost(cluster, { node_id, host }, suffrage);

describe('borrowedHost', () => {
  it.each(['db1.example.org', 'DB1.Example.ORG', 'db1.example.org.'])('finds whose host %s is', (host) => {
    expect(ask(host)).toBe('n1');
  });

  it('lets an observer have a host of its own, or the one that it has', () => {
    expect(ask('10.0.0.3')).toBeNull();
    expect(ask('10.0.0.2', 'observer', 'n2')).toBeNull();
  });

  it('lets clusters live on one machine, and voters anywhere: they hold the key of the CA', () => {
    const local = {
      nodes: { n1: record('n1', { host: '127.0.0.1' }), n2: record('n2', { host: 'localhost' }) },
    };
    for (const host of ['127.0.0.1', 'localhost', '::1', '[::1]'])
      expect(borrowedHost(local, { node_id: 'o1', host }, 'observer')).toBeNull();
    expect(ask('10.0.0.2', 'voter')).toBeNull();
  });
});
