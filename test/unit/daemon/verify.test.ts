import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../../daemon/requests.ts';
import { compareDigests, type NodeDigest } from '../../../daemon/verify-compare.ts';
import { markIn } from '../../../daemon/verify-mark.ts';
import type { ClusterCommand, KvCommand } from '../../../src/cluster/index.ts';
import type { LogEntry } from '../../../src/raft/index.ts';

const entry = (index: number, command: ClusterCommand | KvCommand): LogEntry => ({
  ...{ term: 1, index, kind: 'command', timestamp: 0 },
  data: new Uint8Array(encodeCommand(command, 'n1')),
});
const put = (index: number, value: string): LogEntry =>
  entry(index, { kind: 'kv-put', key: 'k', value, ifVersion: null });
const mark = (index: number, nodes: string[]): LogEntry =>
  entry(index, { kind: 'verify-mark', id: 'm', nodes });

describe('markIn', () => {
  it('finds the mark for this node and counts what is applied with it', () => {
    const entries = [put(7, 'a'), mark(8, ['n1', 'n2']), put(9, 'b')];
    expect(markIn(entries, 'n2')).toEqual({ id: 'm', index: 8, count: 2 });
    expect(markIn(entries, 'n3')).toBeNull();
  });

  it('is not fooled by a value that looks like one', () => {
    expect(markIn([put(1, '{"command":{"kind":"verify-mark","id":"x","nodes":["n1"]}}')], 'n1')).toBeNull();
  });
});

const part = (name: string, sha256: string, rows = 3) => ({ part: name, rows, sha256 });
const says = (nodeId: string, ...parts: ReturnType<typeof part>[]): NodeDigest => ({
  ...{ nodeId, digest: { parts, damage: null }, appliedIndex: 9, error: null },
});

describe('compareDigests', () => {
  const [a, b] = [part('schema', 's'), part('table t', 'good')];

  it('names the part of the odd one out, whoever leads', () => {
    const nodes = [says('n1', a, part('table t', 'bad')), says('n2', a, b), says('n3', a, b)];
    const compared = compareDigests(nodes, 'n1');
    expect(compared.map((n) => n.state)).toEqual(['differs', 'ok', 'ok']);
    expect(compared[0]?.differences).toEqual([{ part: 'table t', rows: 3, expectedRows: 3 }]);
  });

  it('of two that differ believes the leader', () => {
    const nodes = [says('n1', a, b), says('n2', a, part('table t', 'bad', 2))];
    expect(compareDigests(nodes, 'n1').map((n) => n.state)).toEqual(['ok', 'differs']);
    expect(compareDigests(nodes, 'n2').map((n) => n.state)).toEqual(['differs', 'ok']);
  });

  it('tells of parts that are missing, or that only one has', () => {
    const nodes = [says('n1', a, b), says('n2', a, b), says('n3', a, part('table u', 'x'))];
    expect(compareDigests(nodes, 'n1')[2]?.differences).toEqual([
      { part: 'table t', rows: null, expectedRows: 3 },
      { part: 'table u', rows: 3, expectedRows: null },
    ]);
  });

  it('damaged pages are a difference, silence and lag are not', () => {
    const silent = { nodeId: 'n3', digest: null, appliedIndex: null, error: 'refused' };
    const late = { nodeId: 'n4', digest: null, appliedIndex: 5, error: 'has applied 5 of 9' };
    const torn = { ...says('n2', a, b), digest: { parts: [a, b], damage: 'page 3: free' } };
    const compared = compareDigests([says('n1', a, b), torn, silent, late], 'n1');
    expect(compared.map((n) => n.state)).toEqual(['ok', 'differs', 'unreachable', 'behind']);
  });
});
