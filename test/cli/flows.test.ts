import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/api/index.ts';
import { runCli } from '../../src/cli/run.ts';
import { type MemoryTerminalOptions, memoryTerminal } from './memory-terminal.ts';
import { eventOf, SmallCluster } from './small-cluster.ts';

let cluster: SmallCluster;
let config = '';
beforeEach(async () => {
  cluster = await SmallCluster.start();
  config = await cluster.context();
});
afterEach(() => cluster.stop());

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(line: string, options: MemoryTerminalOptions = {}): Promise<Outcome> {
  const terminal = memoryTerminal({ ...options, env: { SQLCC_CONFIG: config, ...options.env } });
  const argv = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '');
  const code = await runCli({ argv, terminal, interrupt: () => new AbortController().signal });
  return { code, out: terminal.stdoutText(), err: terminal.stderrText() };
}

describe('cluster status', () => {
  it('cluster status prints one document that the API schema accepts, and exits by health', async () => {
    const { code, out } = await run('cluster status -o json');
    expect(code).toBe(0);
    ENDPOINTS.status.response.parse(JSON.parse(out));
    await cluster.kill('n3');
    expect((await run('cluster status')).code).toBe(3);
    await cluster.kill('n1');
    expect((await run('cluster status')).code).toBe(4);
    await cluster.kill('n2');
    expect(await run('cluster status')).toMatchObject({ code: 5, out: '' });
  });

  it('cluster status shows health, quorum, leader and every node to people', async () => {
    await cluster.kill('n3');
    const { out } = await run('cluster status');
    expect(out).toContain('Health:   degraded\nWhy:      n3 is dead\n');
    expect(out).toContain('Quorum:   2 of 3 voters alive, 2 needed (tolerates 1)');
    expect(out).toContain('Leader:   n1, term 7');
    expect(out).toMatch(/^n3 +- +- +dead +UNKNOWN/m);
  });

  it('cluster status --until waits, and says what was missing when it gives up', async () => {
    expect((await run('cluster status -w --until healthy --timeout 60s -o json')).code).toBe(0);
    const late = await run('cluster status --until "leader=n2" --timeout 3s');
    expect(late.code).toBe(7);
    expect(late.err).toContain('error[deadline_exceeded]: leader=n2 did not hold within 3s');
  });

  it('cluster status finds the cluster when the only node of the context has died', async () => {
    config = await cluster.context(['n1']);
    await run('node list');
    await cluster.kill('n1');
    cluster.leader = 'n2';
    expect((await run('node leader -o json')).code).toBe(0);
  });
});

describe('node', () => {
  it('node list has a row for each node, also as lines of JSON', async () => {
    await cluster.kill('n2');
    const rows = (await run('node list -o jsonl')).out
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(rows.map((r) => [r.node_id, r.state, r.liveness])).toEqual([
      ['n1', 'LEADER', 'alive'],
      ['n2', null, 'dead'],
      ['n3', 'FOLLOWER', 'alive'],
    ]);
  });

  it('node list lets no name of a node steer the terminal', async () => {
    cluster.hostileZone = '\u001b]0;owned\u0007\u202e';
    const { out } = await run('node list -o wide');
    expect(out).toContain('\\x1b]0;owned\\x07\\u202e');
    expect(out).not.toContain('\u001b');
  });

  it('node leader exits 4 without one', async () => {
    cluster.leader = null;
    const { code, out } = await run('node leader -o json');
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, leader_id: null });
  });

  it('node check is an exit code', async () => {
    await cluster.kill('n3');
    // n1 is well, and no voter is to spare
    expect((await run('node check n1')).code).toBe(3);
    expect((await run('node check n3')).code).toBe(4);
  });
});

describe('node maintenance status', () => {
  it('names the nodes that there are when it knows none of that name', async () => {
    const { code, err } = await run('node maintenance status --node n9');
    expect([code, err]).toEqual([
      expect.any(Number),
      expect.stringContaining('hint: the nodes are n1, n2, n3'),
    ]);
  });
});

describe('cluster history', () => {
  it('has a line for each election with who led before, and its candidates when they are asked for', async () => {
    const one = { term: 6, node_id: 'n3', at: '2026-01-02T03:04:05.678Z', cause: 'first', detect_ms: null };
    const why = 'n1 had the longest log';
    const candidates = [{ node_id: 'n3', eligible: false, reasons: ['dead'], lag_entries: null }];
    const next = { term: 7, node_id: 'n1', cause: 'n3 died', detect_ms: 42, why, candidates };
    cluster.elections.push({ ...one, election_ms: 4, votes: ['n3'] });
    cluster.elections.push({ ...one, ...next, election_ms: 9, votes: ['n1', 'n2'] });
    const { code, out } = await run('cluster history');
    expect(code).toBe(0);
    expect(out).toMatch(/^ +6 .* - +n3 +- +4ms +n3 +first\n +7 .* n3 +n1 +42ms +9ms +n1, n2 +n3 died\n$/m);
    expect(out).not.toContain('longest log');
    const scores = await run('cluster history --scores');
    expect(scores.out).toMatch(/n3 died\nn1 had the longest log\nCANDIDATE.*\nn3 +no +- +dead\n$/);
    const lines = (await run('cluster history -o jsonl')).out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ from: null }, { from: 'n3', why }]);
  });
});

describe('node set', () => {
  it('writes zone and words of one node, keeps the other words, and takes one away', async () => {
    expect((await run('node set n2 --zone east disk=ssd rack=7')).out).toContain('disk=ssd, rack=7');
    const { out } = await run('node set n2 rack= note=a=b -o json');
    const { node } = ENDPOINTS.node.response.parse(JSON.parse(out)) as {
      node: { zone: string; metadata: unknown };
    };
    expect(node).toMatchObject({ zone: 'east', metadata: { disk: 'ssd', note: 'a=b' } });
    expect(node.metadata).not.toHaveProperty('rack');
    expect((await run('node set n2 --zone west')).code).toBe(0);
    expect((await run('node show n2')).out).toMatch(/Zone: +west\n.*disk=ssd, note=a=b/);
    expect(await run('node set n2')).toMatchObject({
      code: 2,
      err: expect.stringContaining('hint: sqlcc node set n2'),
    });
    expect((await run('node set n2 ssd')).err).toContain('"ssd" is no KEY=VALUE');
  });

  it('keeps what another one writes at the same moment, and does not write over the same word', async () => {
    const other = (metadata: Record<string, string>) => {
      cluster.overtaking = (node) => cluster.words.set(node, { zone: 'east', metadata });
    };
    other({ rack: '8' });
    expect((await run('node set n2 disk=ssd')).out).toContain('rack=8, disk=ssd');
    other({ rack: '9', disk: 'ssd' });
    const late = await run('node set n2 rack=7');
    expect(late).toMatchObject({ code: 9, out: '' });
    expect(late.err).toContain(
      'error[conflict]: rack of n2 is 9, not 8: nothing was changed\nhint: sqlcc node',
    );
    cluster.overtaking = () => cluster.words.set('n2', { zone: 'south' });
    expect((await run('node set n2 --zone west')).code).toBe(9);
    expect(cluster.words.get('n2')?.zone).toBe('south');
  });

  it('with --expect only writes where it is so', async () => {
    await run('node set n2 --zone east rack=7');
    const refused = await run('node set n2 rack=8 --expect rack=6 --expect disk=ssd');
    expect(refused.code).toBe(9);
    expect(refused.err).toContain('rack of n2 is 7, not 6; disk of n2 is unset, not ssd');
    expect((await run('node set n2 rack=8 --expect-zone west')).err).toContain('n2 is east, not west');
    expect((await run('node set n2 rack=8 --expect rack=7 --expect disk= --expect-zone east')).code).toBe(0);
    cluster.overtaking = () => cluster.words.set('n2', { zone: 'east', metadata: { rack: '9' } });
    expect((await run('node set n2 --zone west --expect rack=8')).err).toContain('rack of n2 is 9, not 8');
  });
});

describe('kv and sql', () => {
  it('kv put finds the leader by redirect, and kv get prints the bare value', async () => {
    cluster.leader = 'n3';
    expect(await run('kv put app/mode "blue sky"')).toMatchObject({ code: 0, out: 'version 1\n' });
    expect(await run('kv get app/mode')).toMatchObject({ code: 0, out: 'blue sky\n' });
    expect(await run('kv get nope')).toMatchObject({ code: 11, out: '' });
    expect((await run('kv put app/mode red --if-version 5')).code).toBe(9);
    expect(JSON.parse((await run('kv list -o json')).out).items).toHaveLength(1);
  });

  it('sql prints rows for people and for programs', async () => {
    expect((await run('sql -c "SELECT 1"')).out).toBe('id  name\n 1  Zürich\n20  NULL\n(2 rows)\n');
    expect((await run('sql -c "SELECT 1" -o jsonl')).out).toBe(
      '{"id":1,"name":"Zürich"}\n{"id":20,"name":null}\n',
    );
    const two = JSON.parse((await run('sql -c "SELECT 1; SELECT 2" -o json')).out);
    expect(two).toMatchObject({ schemaVersion: 1, results: [{ columns: ['id', 'name'] }, {}] });
    expect(await run('sql -c "SELEC 1"')).toMatchObject({ code: 1, out: '' });
  });
});

describe('cluster failover', () => {
  it('cluster failover --dry-run shows checks and candidates with their reasons', async () => {
    const { code, out } = await run('cluster failover --dry-run');
    expect(code).toBe(0);
    expect(out).toContain('n3         no         90  lags 90 entries; in maintenance');
    cluster.refusal = 'n3 lags';
    const refused = await run('cluster failover --to n3 --dry-run -o json');
    expect(refused.code).toBe(6);
    expect(JSON.parse(refused.out)).toMatchObject({ schemaVersion: 1, plan: { allowed: false } });
  });

  it('cluster failover --yes runs the plan to its end and prints the operation', async () => {
    cluster.script = ['draining', 'transferring', 'done'];
    const { code, out } = await run('cluster failover --yes --reason drill -o json');
    expect(code).toBe(0);
    expect(JSON.parse(out).operation).toMatchObject({
      id: 'op-1',
      state: 'done',
      to: 'n2',
      reason: 'drill',
      actor: 'admin',
    });
    expect(cluster.leader).toBe('n2');
  });

  it('cluster failover exits 6 with every reason when a check refuses', async () => {
    cluster.refusal = 'no candidate is caught up';
    const { code, out, err } = await run('cluster failover --yes');
    expect({ code, out }).toEqual({ code: 6, out: '' });
    expect(err).toContain('error[failed_precondition]');
    expect(err).toContain('- target: no candidate is caught up');
  });

  it('cluster failover exits 9 when the term is not the expected one, and with --at takes none', async () => {
    cluster.script = ['done'];
    const late = await run(`cluster failover --yes --expect-term ${cluster.term - 1}`);
    expect({ code: late.code, leader: cluster.leader }).toEqual({ code: 9, leader: 'n1' });
    expect(late.err).toContain('the term moved from');
    const planned = await run('cluster failover --yes --at +30m --expect-term 3');
    expect(planned).toMatchObject({ code: 2, err: expect.stringContaining('--expect-leader') });
    expect((await run(`cluster failover --yes --expect-term ${cluster.term}`)).code).toBe(0);
    expect(cluster.leader).toBe('n2');
  });

  it('cluster failover exits 7 with the id on stdout when it still runs', async () => {
    const { code, out, err } = await run('cluster failover --yes --timeout 3s');
    expect({ code, out }).toEqual({ code: 7, out: 'op-1\n' });
    expect(err).toContain('sqlcc op wait op-1');
  });

  it('cluster failover exits 1 when the operation failed', async () => {
    cluster.script = ['draining', 'failed'];
    expect((await run('cluster failover --yes')).code).toBe(1);
  });

  it('cluster failover asks people to type the target, and changes nothing when they do not', async () => {
    const declined = await run('cluster failover', { typed: ['yes'] });
    expect(declined.code).toBe(130);
    expect(declined.out).toBe('');
    expect(declined.err).toContain('lags 90 entries; in maintenance');
    expect(declined.err).toContain('nothing was changed');
    expect(cluster.operation).toBeNull();
    expect((await run('cluster failover -o json', { typed: ['n2'] })).code).toBe(2);
    cluster.script = ['done'];
    expect((await run('cluster failover', { typed: ['n2'] })).code).toBe(0);
    expect(cluster.leader).toBe('n2');
  });
});

describe('what can’t be undone', () => {
  const VERBS = ['node remove n3', 'node leave n3', 'node replace n3 n4', 'cert rotate-ca --finish'];

  it('is not done for --yes alone, at a terminal or without one', async () => {
    for (const verb of VERBS) {
      for (const options of [{}, { typed: ['small'] }]) {
        const { code, out, err } = await run(`${verb} --yes`, options);
        expect({ code, out }, verb).toEqual({ code: 2, out: '' });
        expect(err).toMatch(/can’t be undone and --yes alone is not enough\nhint: give --yes-cluster NAME/);
      }
      expect(await run(verb)).toMatchObject({ code: 2, err: expect.stringContaining('no terminal') });
    }
    expect(cluster.operation).toBeNull();
  });

  it('takes the name of the cluster, and no other name', async () => {
    for (const verb of VERBS) {
      Object.assign(cluster, { operation: null, leader: 'n1' });
      const other = await run(`${verb} --yes-cluster smal`);
      expect(other, verb).toMatchObject({ code: 6, out: '' });
      expect(other.err).toContain('this is the cluster "small", not "smal"');
      expect(cluster.operation).toBeNull();
      cluster.script = ['done'];
      expect((await run(`${verb} --yes-cluster small`)).code, verb).toBe(0);
      expect(cluster.operation).toMatchObject({ state: 'done' });
    }
  });

  it('shows its plan at a terminal and has the name of the cluster typed', async () => {
    for (const verb of VERBS) {
      Object.assign(cluster, { operation: null, leader: 'n1' });
      for (const typed of ['y', 'n3', '']) {
        const declined = await run(verb, { typed: [typed] });
        expect(declined, verb).toMatchObject({ code: 130, out: '' });
        const told = /3 of 3 voters are alive[\s\S]*type the name of the cluster[\s\S]*nothing was changed/;
        expect(declined.err).toMatch(told);
      }
      expect(cluster.operation).toBeNull();
      cluster.script = ['done'];
      expect((await run(verb, { typed: ['small'] })).code, verb).toBe(0);
      expect(cluster.operation).toMatchObject({ state: 'done' });
    }
  });
});

describe('what changes a node, or pauses', () => {
  const VERBS = [
    ...['node maintenance enable --node n3 --yes', 'node maintenance disable --node n3 --yes'],
    ...['node drain n3', 'node undrain n3', 'node leave n3 --yes-cluster small'],
    ...['node remove n3 --yes-cluster small', 'node replace n3 n4 --yes-cluster small'],
    'cluster pause --reason cables',
  ];

  it('exits 9 and changes nothing when the term or the leader is not the expected one', async () => {
    for (const verb of VERBS) {
      Object.assign(cluster, { operation: null, leader: 'n1', script: ['done'] });
      for (const expected of [`--expect-term ${cluster.term - 1}`, '--expect-leader n2']) {
        const late = await run(`${verb} ${expected}`);
        expect(late, `${verb} ${expected}`).toMatchObject({ code: 9, out: '' });
      }
      expect(cluster.operation).toBeNull();
      expect(cluster.paused).toBeNull();
      const now = await run(`${verb} --expect-term ${cluster.term} --expect-leader n1`);
      expect(now.code, verb).toBe(0);
    }
    expect(cluster.paused).toMatchObject({ reason: 'cables' });
  });

  it.each([
    ...['cluster status', 'cluster history', 'alert list', 'node maintenance status'],
    ...['node list', 'node leader', 'node show n2', 'node check n2'],
  ])('is what %s says of a paused cluster, to people alone', async (verb) => {
    const at = '2026-01-02T03:04:05.678Z';
    cluster.paused = { owner: 'ann', reason: 'cables', since: at, expires: at };
    const words = /PAUSED|by ann until .*: cables/;
    expect((await run(verb)).out).toMatch(words);
    expect((await run(`${verb} -o json`)).out).not.toMatch(words);
    cluster.paused = null;
    expect((await run(verb)).out).not.toMatch(words);
  });
});

describe('user', () => {
  it.each(['add', 'grant'])(
    'user %s takes the role as a word or as a flag, and one role only',
    async (verb) => {
      const said = { code: 0, out: 'user anna has the role operator\n' };
      expect(await run(`user ${verb} anna operator`)).toMatchObject(said);
      expect(await run(`user ${verb} anna --role operator`)).toMatchObject(said);
      const two = await run(`user ${verb} anna viewer --role operator`);
      expect(two).toMatchObject({ code: 2, out: '', err: expect.stringContaining('viewer or operator') });
      const none = await run(`user ${verb} anna`);
      expect(none).toMatchObject({
        code: 2,
        err: expect.stringContaining(`hint: sqlcc user ${verb} anna ROLE`),
      });
    },
  );
});

describe('access', () => {
  it('a viewer sees and may not act', async () => {
    const token = `--token-file ${join(cluster.folders.dir, 'viewer.token')}`;
    expect((await run(`cluster status ${token}`)).code).toBe(0);
    expect((await run(`cluster failover --yes ${token}`)).code).toBe(8);
    expect((await run(`kv put a b ${token}`)).code).toBe(8);
  });

  it('a wrong token is exit 8, not a dead cluster', async () => {
    const file = join(cluster.folders.dir, 'wrong.token');
    writeFileSync(file, `sqlcc1.none.${'w'.repeat(43)}`);
    expect((await run(`cluster status --token-file ${file}`)).code).toBe(8);
    expect((await run(`kv get a --token-file ${file}`)).code).toBe(8);
  });

  it('a command that is not built says so and exits 10', async () => {
    expect((await run('kv delete a')).code).toBe(10);
    expect(existsSync(config)).toBe(true);
  });
});

describe('events', () => {
  it('events --since leaves out what was before', async () => {
    const old = { ...eventOf(1, 'n1 leads term 6'), at: new Date(Date.now() - 3_600_000).toISOString() };
    cluster.events.push(old, { ...eventOf(2, 'n1 leads term 7'), at: new Date().toISOString() });
    const { code, out } = await run('events --since 10m -o jsonl');
    expect(code).toBe(0);
    expect(out).toContain('n1 leads term 7');
    expect(out).not.toContain('n1 leads term 6');
    expect((await run('events --since soon')).code).toBe(2);
  });

  it('events prints what is stored, in order', async () => {
    cluster.events.push(eventOf(1, 'n1 leads term 6'), eventOf(2, 'n1 leads term 7'));
    const { code, out } = await run('events -o jsonl');
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l).index),
    ).toEqual([1, 2]);
  });
});
