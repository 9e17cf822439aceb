import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../../daemon/requests.ts';
import { compareReturned } from '../../../daemon/routes/verify.ts';
import {
  compareDigests,
  comparisonNews,
  digestOf,
  type NodeDigest,
  verdictOf,
} from '../../../daemon/verify-compare.ts';
import { markIn } from '../../../daemon/verify-mark.ts';
import type { VerifyResponse } from '../../../src/api/index.ts';
import { LIMITS, SqlccError } from '../../../src/base/index.ts';
import type { ClusterCommand, KvCommand } from '../../../src/cluster/index.ts';
import type { LogEntry } from '../../../src/raft/index.ts';
import { record, threeNodes } from '../cluster/world.ts';

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
  ...{ nodeId, instanceId: `i-${nodeId}`, digest: { parts, damage: null }, appliedIndex: 9, error: null },
});

const electorate = (leaderId = 'n1', voters = ['n1', 'n2', 'n3']) => ({ leaderId, voters });
const states = (nodes: NodeDigest[], wish = electorate()) =>
  compareDigests(nodes, wish).nodes.map((n) => n.state);

describe('compareDigests', () => {
  const [a, b] = [part('schema', 's'), part('table t', 'good')];
  const bad = part('table t', 'bad', 2);

  it('names the part of the odd one out, whoever leads', () => {
    const nodes = [says('n1', a, part('table t', 'bad')), says('n2', a, b), says('n3', a, b)];
    const compared = compareDigests(nodes, electorate());
    expect(compared.nodes.map((n) => n.state)).toEqual(['differs', 'ok', 'ok']);
    expect(compared.nodes[0]?.differences).toEqual([{ part: 'table t', rows: 3, expectedRows: 3 }]);
    expect(verdictOf(compared)).toBe('differs');
  });

  it('believes a majority of the voters, not of those that follow without a vote', () => {
    const wrong = ['n3', 'n4', 'n5', 'n6'].map((id) => says(id, a, bad));
    const expected = ['ok', 'ok', 'differs', 'differs', 'differs', 'differs'];
    expect(states([says('n1', a, b), says('n2', a, b), ...wrong])).toEqual(expected);
  });

  it('of two that differ believes nobody, and shows what differs from the leader', () => {
    for (const leaderId of ['n1', 'n2']) {
      const compared = compareDigests([says('n1', a, b), says('n2', a, bad)], electorate(leaderId));
      expect(compared).toMatchObject({ isDecided: false });
      for (const { nodeId, state, error, differences } of compared.nodes) {
        expect([state, error]).toEqual([
          'differs',
          'no majority of the voters holds the same: which one is right is not known',
        ]);
        expect(differences.map((d) => d.part)).toEqual(nodeId === leaderId ? [] : ['table t']);
      }
      expect(verdictOf(compared)).toBe('differs');
    }
  });

  it('finds no verdict in equal nodes that are no majority of the voters', () => {
    const alone = compareDigests([says('n3', a, bad)], electorate());
    expect(alone).toMatchObject({ isDecided: false, nodes: [{ state: 'ok' }] });
    expect(alone.nodes[0]?.error).toContain('no majority of the voters');
    expect(verdictOf(alone)).toBe('incomplete');
    const two = compareDigests([says('n1', a, b), says('n3', a, b)], electorate());
    expect(two).toMatchObject({ isDecided: true, nodes: [{ error: null }, { error: null }] });
    expect(verdictOf(two)).toBe('ok');
  });

  it('tells of parts that are missing, or that only one has', () => {
    const nodes = [says('n1', a, b), says('n2', a, b), says('n3', a, part('table u', 'x'))];
    expect(compareDigests(nodes, electorate()).nodes[2]?.differences).toEqual([
      { part: 'table t', rows: null, expectedRows: 3 },
      { part: 'table u', rows: 3, expectedRows: null },
    ]);
  });

  it('damaged pages are a difference, silence and lag are not', () => {
    const silent = { ...says('n3'), digest: null, appliedIndex: null, error: 'refused' };
    const late = { ...says('n4'), digest: null, appliedIndex: 5, error: 'has applied 5 of 9' };
    const torn = { ...says('n2', a, b), digest: { parts: [a, b], damage: 'page 3: free' } };
    const compared = [says('n1', a, b), torn, silent, late];
    expect(states(compared)).toEqual(['ok', 'differs', 'unreachable', 'behind']);
    const rest = compareDigests([says('n1', a, b), says('n2', a, b), silent], electorate());
    expect(verdictOf(rest)).toBe('incomplete');
  });
});

describe('comparisonNews', () => {
  const [good, bad] = [part('table t', 'good'), part('table t', 'bad')];
  const five = ['n1', 'n2', 'n3', 'n4', 'n5'];
  const recordsOf = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, record(id)]));
  const cluster = { nodes: recordsOf(['n1', 'n2', 'n3']) };
  const news = (compared: NodeDigest[], accused: string[] = [], leaderId = 'n1', world = cluster) => {
    const voters = Object.keys(world.nodes);
    return comparisonNews(compareDigests(compared, { leaderId, voters }), { cluster: world, accused });
  };
  const oneBad = [says('n1', good), says('n2', good), says('n3', bad)];

  it('is who differs and is not on record yet, whoever leads, with what differs', () => {
    const found = [{ nodeId: 'n3', instanceId: 'i-n3', differs: 'table t' }];
    expect(news(oneBad)).toEqual(found);
    expect(news(oneBad, ['n3'], 'n3')).toEqual(found);
    const onRecord = { nodes: { ...cluster.nodes, n3: record('n3', { diverged: 7 }) } };
    expect(news(oneBad, ['n3'], 'n1', onRecord)).toEqual([]);
  });

  it('is who holds the same though it is accused, and of nobody who did not answer', () => {
    const silent = { ...says('n2'), digest: null, appliedIndex: null, error: 'refused' };
    const equal = [says('n1', good), silent, says('n3', good)];
    expect(news(equal)).toEqual([]);
    expect(news(equal, ['n2', 'n3'])).toEqual([{ nodeId: 'n3', instanceId: 'i-n3', differs: null }]);
  });

  it('acquits nobody who was compared with itself, or with others that are wrong alike', () => {
    const accused = { nodes: { ...recordsOf(five), n3: record('n3', { diverged: 7 }) } };
    expect(news([says('n3', bad)], ['n3'], 'n1', accused)).toEqual([]);
    expect(news([says('n3', bad), says('n4', bad)], ['n3', 'n4'], 'n1', accused)).toEqual([]);
    const all = five.map((id) => says(id, good));
    expect(news(all, ['n3'], 'n1', accused)).toMatchObject([{ nodeId: 'n3', differs: null }]);
  });

  it('names the first few of very many parts and counts the rest, within the length of a text', () => {
    const lost = Array.from({ length: 20_000 }, (_, n) => part(`table t${n}`, 'good'));
    const whole = ['n1', 'n2'].map((id) => says(id, ...lost));
    const [found] = news([...whole, says('n3')]);
    expect(found?.differs).toBe(
      `${Array.from({ length: 8 }, (_, n) => `table t${n}`).join(', ')} and 19992 more`,
    );
    const torn = { ...says('n3', good), digest: { parts: [good], damage: 'x'.repeat(5000) } };
    const [damaged] = news([says('n1', good), says('n2', good), torn]);
    expect(damaged?.differs).toHaveLength(LIMITS.maxAuditText);
    const long = Array.from({ length: 20 }, (_, n) => part(`table ${n}${'y'.repeat(200)}`, 'good'));
    const [named] = news([says('n1', ...long), says('n2', ...long), says('n3')]);
    expect(named?.differs).toMatch(/… and 12 more$/);
    expect(named?.differs).toHaveLength(LIMITS.maxAuditText);
  });

  it('says nothing of a disk whose name belongs to another one by now', () => {
    const joined = { nodes: { ...cluster.nodes, n3: record('n3', { instanceId: 'new' }) } };
    expect(news(oneBad, [], 'n1', joined)).toEqual([]);
    const equal = [says('n1', good), says('n2', good), says('n3', good)];
    expect(news(equal, ['n3'], 'n1', joined)).toEqual([]);
    const old = [says('n1', good), says('n2', good), { ...says('n3', bad), instanceId: 'new' }];
    expect(news(old, [], 'n1', joined)).toMatchObject([{ nodeId: 'n3', instanceId: 'new' }]);
  });

  it('is nothing by the word of a leader alone while somebody lives who could decide it', () => {
    const two = [says('n1', bad), says('n3', good)];
    expect(news(two)).toEqual([]);
    expect(news(two, ['n1'])).toEqual([]);
    expect(news([says('n1', bad), says('n2', good), says('n3', good)])).toMatchObject([{ nodeId: 'n1' }]);
  });

  it('names all that differ from each other where nobody is left to decide it, once', () => {
    const two = [says('n1', bad), says('n3', good)];
    const dead = { nodes: { ...cluster.nodes, n2: record('n2', { liveness: 'dead' }) } };
    const undecided = ['n1', 'n3'];
    const found = undecided.map((nodeId) => ({
      ...{ nodeId, instanceId: `i-${nodeId}`, differs: 'table t', undecided },
    }));
    expect(news(two, [], 'n1', dead)).toEqual(found);
    expect(news(two, [], 'n1', { nodes: recordsOf(undecided) })).toEqual(found);
    const silent = { ...says('n2'), digest: null, appliedIndex: null, error: 'refused' };
    expect(news([...two, silent])).toEqual(found);
    const onRecord = {
      nodes: Object.fromEntries(
        ['n1', 'n2', 'n3'].map((id) => [id, record(id, id === 'n2' ? {} : { diverged: 7, undecided })]),
      ),
    };
    expect(news(two, undecided, 'n1', onRecord)).toEqual([]);
    // the third one is back: it decides
    const all = [...two, says('n2', good)];
    expect(news(all, undecided, 'n1', onRecord)).toEqual([
      { nodeId: 'n1', instanceId: 'i-n1', differs: 'table t' },
      { nodeId: 'n3', instanceId: 'i-n3', differs: null },
    ]);
  });
});

describe('compareReturned', () => {
  const voters = ['n1', 'n2', 'n3', 'n4', 'n5'];
  /** n1 leads and n3 is back; `bad` hold something else than the others. Who was compared, and how it ended. */
  async function returned(bad: readonly string[], others = voters) {
    const asked: (readonly string[])[] = [];
    const answer = await compareReturned('n3', {
      ...{ leaderId: 'n1', others },
      compare: async (nodes) => {
        asked.push(nodes);
        const held = nodes.map((id) => says(id, part('table t', bad.includes(id) ? 'bad' : 'good')));
        const comparison = compareDigests(held, electorate('n1', voters));
        const rows = comparison.nodes.map(({ nodeId, state }) => ({ node_id: nodeId, state }));
        return { verdict: verdictOf(comparison), nodes: rows } as unknown as VerifyResponse;
      },
    });
    return { asked, verdict: answer.verdict, states: answer.nodes.map((n) => n.state) };
  }

  it('compares the two alone where they are equal, majority or not', async () => {
    expect(await returned([])).toEqual({ asked: [['n1', 'n3']], verdict: 'ok', states: ['ok', 'ok'] });
  });

  it('asks everybody where they differ: also the leader may be the odd one', async () => {
    const others = ['ok', 'ok', 'ok', 'ok'];
    expect(await returned(['n1'])).toEqual({
      ...{ asked: [['n1', 'n3'], voters], verdict: 'differs', states: ['differs', ...others] },
    });
    expect((await returned(['n3'])).states).toEqual(['ok', 'ok', 'differs', 'ok', 'ok']);
  });

  it('asks those two once where there is nobody else', async () => {
    const { asked, verdict } = await returned(['n1'], ['n1', 'n3']);
    expect([asked, verdict]).toEqual([[['n1', 'n3']], 'differs']);
  });
});

describe('digestOf', () => {
  const n2 = { nodeId: 'n2', instanceId: 'i2' };
  const answer = {
    ...{ node_id: 'n2', applied_index: 9, record_format: 3, damage: null, error: null },
    parts: [part('cluster record', 'r')],
  };

  it('is what a node of the same format says, or why it says nothing', () => {
    const { parts, damage } = answer;
    const said = { ...n2, digest: { parts, damage }, appliedIndex: 9, error: null };
    expect(digestOf(n2, answer, 3)).toEqual(said);
    expect(digestOf(n2, { ...answer, parts: null, error: 'late' }, 4)).toMatchObject({ error: 'late' });
    const gone = new SqlccError('unavailable', 'no answer');
    expect(digestOf(n2, gone, 3)).toMatchObject({
      digest: null,
      appliedIndex: null,
      error: 'no answer',
    });
  });

  it('compares no records of two formats: in a rolling upgrade nobody is accused or acquitted', () => {
    const { record_format: _none, ...older } = answer;
    const other = [part('cluster record', 'in another format')];
    for (const n3 of [
      { ...answer, record_format: 4, parts: other },
      { ...older, parts: other },
    ]) {
      const nodes = [
        digestOf({ nodeId: 'n1', instanceId: 'i1' }, answer, 3),
        digestOf(n2, answer, 3),
        digestOf({ nodeId: 'n3', instanceId: 'i3' }, n3, 3),
      ];
      const compared = compareDigests(nodes, electorate());
      expect(compared.nodes.map((n) => n.state)).toEqual(['ok', 'ok', 'behind']);
      expect(compared.nodes[2]?.error).toMatch(/^its record has format .*, the leader's 3: compare when all/);
      expect(verdictOf(compared)).toBe('incomplete');
      const accused = ['n3'];
      expect(comparisonNews(compared, { cluster: threeNodes().cluster, accused })).toEqual([]);
    }
  });
});

describe('verify-result', () => {
  const result = (nodeId: string, differs: string | null, index = 40, instanceId = `i-${nodeId}`) =>
    ({ kind: 'verify-result', index, nodes: [{ nodeId, instanceId, differs }] }) as const;

  it('is on record until a later one finds the node equal; each change is told once', () => {
    const ledger = threeNodes();
    ledger.done(result('n3', 'table t'));
    expect(ledger.cluster.nodes['n3']?.diverged).toBe(40);
    expect(ledger.kinds()).toEqual(['replica-diverged']);
    ledger.done(result('n3', 'table t', 50));
    expect(ledger.cluster.nodes['n3']?.diverged).toBe(40);
    expect(ledger.kinds()).toEqual([]);
    ledger.done(result('n3', null, 60));
    expect(ledger.cluster.nodes['n3']).not.toHaveProperty('diverged');
    expect(ledger.cluster.nodes['n3']?.verified).toBe(60);
    expect(ledger.kinds()).toEqual(['replica-verified']);
  });

  it('holds who differ from each other until it is known who is right', () => {
    const ledger = threeNodes();
    const undecided = ['n1', 'n3'];
    const nodes = undecided.map((nodeId) => ({ nodeId, instanceId: `i-${nodeId}`, differs: 't', undecided }));
    ledger.done({ kind: 'verify-result', index: 40, nodes });
    expect(ledger.events.slice(-2).map((e) => e.message)).toEqual([
      'n1 differs from the others at 40: t; which of n1, n3 is right is not known',
      'n3 differs from the others at 40: t; which of n1, n3 is right is not known',
    ]);
    expect(ledger.cluster.nodes['n3']).toMatchObject({ diverged: 40, undecided });
    ledger.done(result('n3', 'table t', 50));
    ledger.done(result('n1', null, 50));
    expect(ledger.cluster.nodes['n3']?.diverged).toBe(50);
    for (const id of undecided) expect(ledger.cluster.nodes[id]).not.toHaveProperty('undecided');
    expect(ledger.cluster.nodes['n1']).not.toHaveProperty('diverged');
  });

  it('says nothing of another disk of that name, and is forgotten with the disk', () => {
    const ledger = threeNodes();
    ledger.done(result('n3', 'table t', 40, 'another'));
    expect(ledger.cluster.nodes['n3']).not.toHaveProperty('diverged');
    ledger.done(result('n3', null));
    ledger.done(result('n3', 'table t'));
    ledger.done({ kind: 'node-remove', nodeId: 'n3', reason: 'diverged' });
    ledger.done({ kind: 'node-admit', node: record('n3', { instanceId: 'new' }), tokenId: null });
    expect(ledger.cluster.nodes['n3']).not.toHaveProperty('diverged');
    expect(ledger.cluster.nodes['n3']).not.toHaveProperty('verified');
  });
});
