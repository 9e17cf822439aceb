import { describe, expect, it } from 'vitest';
import { completions } from '../../../src/cli/command-facts.ts';
import { exampleLine } from '../../../src/cli/command-spec.ts';
import { durationOf, Flags, INTERVAL } from '../../../src/cli/flags.ts';
import { splitSql } from '../../../src/cli/split-sql.ts';
import { COMMANDS, GROUPS } from '../../../src/cli/tree/commands.ts';
import { parseUntil } from '../../../src/cli/until.ts';
import type { StatusResponse } from '../../../src/client/index.ts';

describe('parseUntil', () => {
  const status = {
    cluster: { health: 'degraded' },
    raft: { leader_id: 'n2', term: 7, voters: ['n1', 'n2', 'n3'] },
    nodes: [{ liveness: 'alive' }, { liveness: 'alive' }, { liveness: 'dead' }],
    alerts: { firing: 1 },
    config: { version: 3 },
    operation: null,
  } as unknown as StatusResponse;

  it.each([
    'degraded',
    'leader=n2',
    'leader!=n1,term>=7',
    'alive=2, nodes=3',
    'operation=none',
    'config<4',
    'alerts>0',
  ])('parseUntil holds: %s', (text) => {
    expect(parseUntil(text)(status)).toBe(true);
  });
  it.each(['healthy', 'alive>=3', 'leader=n2,term>7', 'voters<3'])('parseUntil does not hold: %s', (text) => {
    expect(parseUntil(text)(status)).toBe(false);
  });
  it.each([
    ...['', 'happy', 'alive', 'alive>', 'foo=1', 'alive=>3', 'healthy,'],
    ...['term>abc', 'alive>=3x', 'nodes=n1', 'leader>n2', 'health=fine', 'operation<7', 'constructor=1'],
  ])('parseUntil refuses %j, which would wait for ever', (text) => {
    expect(() => parseUntil(text)).toThrow('--until');
  });
});

describe('splitSql', () => {
  const CASES: [string, string[]][] = [
    ['SELECT 1', ['SELECT 1']],
    ['SELECT 1; SELECT 2;', ['SELECT 1', 'SELECT 2']],
    [';;\n ; -- nothing\n /* ; */', []],
    [
      'INSERT INTO t VALUES (\'a;b\', "c;d", [e;f], `g;h`)',
      ['INSERT INTO t VALUES (\'a;b\', "c;d", [e;f], `g;h`)'],
    ],
    ["SELECT 'it''s; fine'; SELECT 2", ["SELECT 'it''s; fine'", 'SELECT 2']],
    ['-- a; b\nSELECT 1; -- end', ['-- a; b\nSELECT 1']],
    ['SELECT /* ; */ 1; SELECT 2', ['SELECT /* ; */ 1', 'SELECT 2']],
    [
      'CREATE TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET x = 1; DELETE FROM u; END; SELECT 1',
      ['CREATE TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET x = 1; DELETE FROM u; END', 'SELECT 1'],
    ],
    ["SELECT 'open", ["SELECT 'open"]],
  ];
  it.each(CASES)('splitSql cuts %j', (text, statements) => {
    expect(splitSql(text)).toEqual(statements);
  });
});

describe('Flags', () => {
  const flags = new Flags({
    port: '5433',
    bad: 'x1',
    for: '1h',
    command: ['a', 'b'],
    yes: true,
    wait: false,
  });

  it('Flags reads each kind and names the flag when it can not', () => {
    expect(flags.port('port')).toBe(5433);
    expect(flags.duration('for')).toBe(3_600_000);
    expect(flags.texts('command')).toEqual(['a', 'b']);
    expect(flags.is('yes')).toBe(true);
    expect(flags.isOff('wait')).toBe(true);
    expect(flags.integer('absent')).toBeUndefined();
    expect(() => flags.integer('bad')).toThrow('--bad');
    expect(() => flags.duration('bad')).toThrow('--bad');
    expect(() => flags.required('dataDir')).toThrow('--data-dir is missing');
  });

  it('a bare number is seconds between pictures, and nowhere ms', () => {
    const delay = (text: string) => new Flags({ delay: text }).duration('delay', INTERVAL);
    expect(['1', '0.5', '2s', '250ms', '0.1'].map(delay)).toEqual([1000, 500, 2000, 250, 100]);
    for (const text of ['0', '0.05', '99ms', '-1', 'soon'])
      expect(() => delay(text), text).toThrow(`--delay takes a duration of at least 100ms, not "${text}"`);
    const bare = () => new Flags({ timeout: '30' }).duration('timeout');
    expect(bare).toThrow('--timeout takes a duration with its unit, not "30"');
    expect(bare).toThrow(expect.objectContaining({ hint: 'write 30s for seconds, 30m for minutes' }));
    expect(() => durationOf('--for', '10ms', { leastMs: 1000 })).toThrow(
      '--for takes a duration of at least 1s',
    );
  });
});

describe('COMMANDS', () => {
  it('COMMANDS has every command of the design document', () => {
    const paths = COMMANDS.map((c) => c.path);
    const seed = [
      'cluster init',
      'node start',
      'node join',
      'cluster status',
      'node list',
      'node leader',
      'cluster failover',
    ];
    expect(paths).toEqual(
      expect.arrayContaining([
        ...seed,
        'node maintenance enable',
        'cluster config update',
        'cluster config backup',
      ]),
    );
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('COMMANDS shows an example of each command, and each example is one of it', () => {
    for (const { path, examples } of COMMANDS) {
      expect(examples.length, path).toBeGreaterThan(0);
      for (const example of examples) {
        const [command = ''] = /(?<=^|[\s(])sqlcc [a-z].*/.exec(exampleLine(example)) ?? [];
        expect(command.startsWith(`sqlcc ${path}`), exampleLine(example)).toBe(true);
      }
    }
  });

  it('COMMANDS names no group without words for it', () => {
    for (const { path } of COMMANDS) {
      const words = path.split(' ');
      for (let n = 1; n < words.length; n++) expect(GROUPS[words.slice(0, n).join(' ')]).toBeDefined();
    }
  });

  it('COMMANDS take --yes wherever they change the cluster, so that a script may give it always', () => {
    const reads =
      /\b(status|validate|backup|show|diff|history|pending|list|leader|check|get|watch|rules|explain)$/;
    // what looks, what asks each node, and data, which is written and never asked about
    const others = ['cluster verify', 'audit verify', 'op wait', 'alert test', 'support dump', 'metrics'];
    const rest = ['events', 'top', 'wall', 'sql', 'kv put', 'kv delete'];
    const without = COMMANDS.filter(({ path, online, flags = [] }) => {
      const takes = flags.some((flag) => flag.flags === '-y, --yes');
      return online && !takes && !reads.test(path);
    });
    expect(without.map((c) => c.path).toSorted()).toEqual([...others, ...rest].toSorted());
  });

  it('COMMANDS all load', async () => {
    for (const spec of COMMANDS) expect(await spec.load(), spec.path).toBeTypeOf('function');
  });
});

describe('completions', () => {
  it('completions lead from word to word to flags', () => {
    const found = completions();
    expect(found.get('')?.map((w) => w.text)).toContain('cluster');
    expect(found.get('cluster config')?.map((w) => w.text)).toEqual([
      ...['update', 'set', 'edit', 'confirm', 'rollback', 'activate', 'restore'],
      ...['validate', 'backup', 'show', 'diff', 'history', 'pending'],
    ]);
    expect(found.get('cluster failover')?.map((w) => w.text)).toEqual(
      expect.arrayContaining(['--to', '--dry-run', '--yes', '--no-wait', '--output', '--endpoint', '--help']),
    );
  });
});
