/** What commands print when all goes well, word for word and in every format, with their exit codes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/api/index.ts';
import { endOf, GENESIS, linked } from '../../src/audit/index.ts';
import { must } from '../../src/base/index.ts';
import { runCli } from '../../src/cli/run.ts';
import { expectGolden, transcript } from './harness.ts';
import { memoryTerminal } from './memory-terminal.ts';
import { SmallCluster } from './small-cluster.ts';

let cluster: SmallCluster;
let config = '';
beforeEach(async () => {
  cluster = await SmallCluster.start();
  config = await cluster.context();
});
afterEach(() => cluster.stop());

async function run(line: string) {
  const terminal = memoryTerminal({ env: { SQLCC_CONFIG: config } });
  const argv = line.split(' ');
  const code = await runCli({ argv, terminal, interrupt: () => new AbortController().signal });
  return { argv, code, stdout: terminal.stdoutText(), stderr: terminal.stderrText() };
}

/** Runs the lines in their order, checks each exit code, and compares all of it with the golden file. */
async function story(name: string, lines: readonly (readonly [line: string, code: number])[]): Promise<void> {
  const told: string[] = [];
  for (const [line, want] of lines) {
    const ran = await run(line);
    expect(ran.code, `${line}\n${ran.stderr}`).toBe(want);
    // ports differ from run to run
    told.push(transcript(ran.argv, ran).replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT'));
  }
  expectGolden(name, told.join('\n'));
}

describe('op', () => {
  it('op lists, shows, waits and cancels; the exit code says how it ended', () =>
    story('op', [
      ['op list', 0],
      ['op list -o wide', 0],
      ['op list -o json', 0],
      ['op list -o jsonl', 0],
      ['op show op-1', 0],
      ['op show op-2 -o yaml', 0],
      ['op show op-9', 11],
      ['op wait op-1', 0],
      ['op wait op-1 -o json', 0],
      ['op wait op-2', 1],
      ['op wait op-3 --timeout 2s', 7],
      ['op wait op-3 --timeout 2s -o json', 7],
      ['op cancel op-3', 0],
      ['op cancel op-3', 9],
      ['op wait op-3 -o json', 1],
    ]));

  it('op list -o json is what the API declares', async () => {
    ENDPOINTS.operations.response.strict().parse(JSON.parse((await run('op list -o json')).stdout));
  });
});

describe('token', () => {
  it('token makes, lists and revokes; a secret is shown once and is alone on stdout', () =>
    story('token', [
      ['token list', 0],
      ['token create --join --node n4', 0],
      ['token create --join --observer -o json', 0],
      ['token create --role viewer --ttl 30d -o yaml', 0],
      ['token list', 0],
      ['token list -o json', 0],
      ['token revoke t1', 0],
      ['token revoke t2 -o json', 0],
      ['token revoke t1', 11],
      ['token list -o jsonl', 0],
    ]));
});

describe('metrics and alerts', () => {
  it('metrics prints values, and the text of a scraper as it comes', () =>
    story('metrics', [
      ['metrics', 0],
      ['metrics --node n2 -o json', 0],
      ['metrics -o yaml', 0],
      ['metrics -o prometheus', 0],
      ['metrics -o openmetrics', 0],
      ['metrics --node n9', 11],
    ]));

  it('alert lists and acknowledges', () =>
    story('alert', [
      ['alert list', 0],
      ['alert ack NodeDown:n3', 0],
      ['alert ack NodeDown:n3 --incident 1767323045678', 0],
      ['alert ack NodeDown:n3 --incident 1767322000000', 9],
      ['alert list -o json', 0],
      ['alert ack nothing', 11],
      ['alert unack NodeDown:n3 --incident 1767322000000', 9],
      ['alert unack NodeDown:n3', 0],
      ['alert unack NodeDown:n3 -o json', 0],
      ['alert unack nothing', 11],
    ]));

  it('alert says which rules there are, why one fires, and tests a channel', () =>
    story('alert-rules', [
      ['alert rules', 0],
      ['alert rules -o jsonl', 0],
      ['alert rules --names', 0],
      ['alert rules --names -o jsonl', 0],
      ['alert explain HighErrorRate', 0],
      ['alert explain nothing', 11],
      ['alert test HighErrorRate', 1],
      ['alert test --channel email', 0],
      ['alert test --channel email -o json', 0],
    ]));

  it('alert silence adds, lists and removes, and never everything by accident', () =>
    story('alert-silence', [
      ['alert silence add --rule HighLatency --for 2h --reason load', 0],
      ['alert silence add --all', 0],
      ['alert silence add --for 2h', 2],
      ['alert silence add --all --node n1', 2],
      ['alert silence add --severity fatal', 2],
      ['alert silence list', 0],
      ['alert silence remove s1', 0],
      ['alert silence remove s9', 11],
      ['alert silence list -o json', 0],
    ]));

  it('alert rules and alert explain -o json are what the API declares', async () => {
    const json = async (line: string): Promise<unknown> => JSON.parse((await run(line)).stdout);
    ENDPOINTS.alertRules.response.strict().parse(await json('alert rules -o json'));
    ENDPOINTS.explainAlert.response.strict().parse(await json('alert explain HighErrorRate -o json'));
    ENDPOINTS.silences.response.strict().parse(await json('alert silence list -o json'));
  });
});

describe('top --check', () => {
  it('top --check exits by health, with and without a document', async () => {
    const codes = async () => [
      (await run('top --once --check')).code,
      (await run('top --once --check -o json')).code,
      (await run('top --batch -n 1 --check -o json')).code,
    ];
    expect(await codes()).toEqual([0, 0, 0]);
    await cluster.kill('n3');
    expect(await codes()).toEqual([3, 3, 3]);
    await cluster.kill('n1');
    expect(await codes()).toEqual([4, 4, 4]);
    await cluster.kill('n2');
    expect(await codes()).toEqual([5, 5, 5]);
    cluster.leader = null;
  });

  it('top without --check exits 0 whatever the health is', async () => {
    await cluster.kill('n3');
    expect((await run('top --once -o json')).code).toBe(0);
  });
});

describe('audit', () => {
  it('audit list filters by time, actor, verb and node; verify says that all copies are whole', () =>
    story('audit', [
      ['audit list', 0],
      ['audit list -o wide --verb config-put', 0],
      ['audit list --since 2026-01-02T03:04:05.682Z -o jsonl', 0],
      ['audit list --actor token:t1 --node n4', 0],
      ['audit list --denied --node n2', 0],
      ['audit list --since soon', 2],
      ['audit verify', 0],
    ]));

  it('audit verify names the broken line and the node that holds it, and exits 10', async () => {
    const lines = cluster.control.auditAt('n2');
    lines[3] = { ...must(lines[3], 'line 4'), target: 'n5' };
    const told = await run('audit verify -o json');
    expect(told.code).toBe(10);
    const { ok, nodes } = JSON.parse(told.stdout);
    expect(ok).toBe(false);
    const broken = nodes.map(
      (n: { audit: { broken: { seq: number } | null } }) => n.audit.broken?.seq ?? null,
    );
    expect(broken).toEqual([null, 4, null]);
    const { stdout } = await run('audit verify');
    expect(stdout).toMatch(/^n2 .* line 4: its words do not give its hash/m);
  });

  it('audit verify tells where a copy that is whole in itself parts from the others', async () => {
    const lines = cluster.control.auditAt('n3').slice(0, 4);
    const forged = { ...must(lines.pop(), 'line 4'), target: 'somebody else' };
    const { seq: _seq, hash: _hash, ...words } = { ...forged, at: Date.parse(forged.at) };
    const { at, ...line } = linked(endOf(GENESIS, lines), words);
    lines.push({ ...line, at: new Date(at).toISOString() });
    cluster.control.audits.set('n3', lines);
    const told = await run('audit verify');
    expect(told.code).toBe(10);
    expect(told.stdout).toContain('The copies part at line 4: n1, n2 against n3');
  });

  it('audit verify shows a node that can not be asked, and exits 12', async () => {
    await cluster.kill('n3');
    const told = await run('audit verify -o json');
    expect(told.code).toBe(12);
    expect(JSON.parse(told.stdout)).toMatchObject({ ok: true, complete: false });
  });
});

describe('node check', () => {
  it('node check -o nagios is one line with figures, and exits as monitoring plugins do', async () => {
    await story('nagios', [
      ['node check n2', 0],
      ['node check n2 -o nagios', 0],
      ['node check n9 -o nagios', 3],
      ['node check n2 -o nagios --warn-lag soon', 3],
      ['node check --all -o nagios', 3],
    ]);
    await cluster.kill('n3');
    expect((await run('node check n2 -o nagios')).code).toBe(1);
    const dead = await run('node check n3 -o nagios');
    expect(dead.code).toBe(2);
    expect(dead.stdout).toMatch(/^SQLCC CRITICAL - n3: it is dead.*no voter to spare.* \| lag_entries=/);
    await cluster.kill('n1');
    expect((await run('node check n2 -o nagios')).stdout).toContain('SQLCC CRITICAL - n2: no quorum');
    await cluster.kill('n2');
    const gone = await run('node check n2 -o nagios');
    expect(gone).toMatchObject({ code: 2, stderr: '' });
    expect(gone.stdout).toMatch(/^SQLCC CRITICAL - unavailable: [^\n]+\n$/);
  });
});

describe('node log-level', () => {
  it('node log-level shows, changes for a while and takes back', () =>
    story('log-level', [
      ['node log-level --node n2', 0],
      ['node log-level debug --for 10m --node n2', 0],
      ['node log-level --node n2 -o json', 0],
      ['node log-level default --node n2', 0],
      ['node log-level loud', 2],
      ['node log-level debug --for 2d --node n2', 2],
    ]));
});
