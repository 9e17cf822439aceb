/** The programs of `npm run …` under test/: what they say of themselves, and of what they can't take. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const scripts = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts as Record<
  string,
  string
>;
// each loads much of the product: from the second time on it is there compiled
const NODE_COMPILE_CACHE = mkdtempSync(join(tmpdir(), 'usage-'));
afterAll(() => rmSync(NODE_COMPILE_CACHE, { recursive: true, force: true }));

const UNKNOWN = ['--no-such-flag'];

/** Some of the flags of each, and calls that it can't take. */
const PROGRAMS: Readonly<Record<string, { flags: readonly string[]; bad: readonly (readonly string[])[] }>> =
  {
    sim: { flags: ['--seeds <N>', '--calm-hours <H>', '--limits'], bad: [UNKNOWN, ['--seed', 'seven']] },
    detector: {
      flags: ['--scenario <a,b>', '--full', '-o, --output'],
      bad: [UNKNOWN, ['--scenario', 'kil']],
    },
    history: { flags: ['--only <a,b>', '--mutants'], bad: [UNKNOWN, ['--only', 'register/kil']] },
    storage: {
      flags: ['--only <a,b>', '--kills <A-B>', '--seed <N>', '--list'],
      bad: [UNKNOWN, ['--only', 'power,nothing'], ['--kills', '9-1'], ['--kills', 'all']],
    },
    endurance: { flags: ['--minutes <M>', '--list'], bad: [UNKNOWN, ['--only', 'soak,nothing']] },
    bench: { flags: ['--only <a,b>', '--rounds <N>', '--json <FILE>'], bad: [UNKNOWN, ['--clients', '1,x']] },
    mutants: {
      flags: ['--by <SUITE>', '--part <I/N>', '--no-control'],
      bad: [UNKNOWN, ['--only', 'no-such-bug']],
    },
    'perf:alerts': { flags: ['--only <a,b>', '--rounds <N>'], bad: [UNKNOWN, ['--only', 'load,nothing']] },
    'perf:config': { flags: ['--nodes <N>', '--changes <N>'], bad: [UNKNOWN, ['--nodes', '10']] },
    'perf:tui': { flags: ['--daemon', '--nodes <N,N>', '--hour'], bad: [['--nodes', '0']] },
    'accept:tui': { flags: [], bad: [['everything']] },
    'docs:commands': { flags: [], bad: [UNKNOWN] },
  };

function run(name: string, args: readonly string[]) {
  const [node, file = ''] = scripts[name]?.split(' ') ?? [];
  expect(node).toBe('node');
  const options = { cwd: ROOT, env: { ...process.env, NODE_COMPILE_CACHE }, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], options);
  return { status, stdout, stderr };
}

describe.each(Object.entries(PROGRAMS))('npm run %s', (name, { flags, bad }) => {
  it('with --help prints what it does, how long that takes and its flags, does nothing, and ends with 0', () => {
    const { status, stdout, stderr } = run(name, ['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: npm run ${name} -- \\[flags\\]\n\n\\S`));
    expect(stdout).toMatch(/\nTakes: \S/);
    for (const flag of [...flags, '-h, --help']) expect(stdout).toContain(`  ${flag}`);
  });

  it.each(bad.map((args) => [args]))(
    'refuses %j in one line that says what to do, and ends with 2',
    (args) => {
      const { status, stdout, stderr } = run(name, args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(
        new RegExp(`^[^\n]*${args.at(-1)?.split(',').at(-1)}[^\n]*; see npm run ${name} -- --help\n$`),
      );
    },
  );
});

it('npm run storage -- --list has each test of its folder, and no other', () => {
  const { status, stdout } = run('storage', ['--list']);
  expect(status).toBe(0);
  const tests = readdirSync(join(ROOT, 'test', 'storage')).filter((name) => name.endsWith('.test.ts'));
  const listed = stdout
    .trim()
    .split('\n')
    .map((line) => `${line.split(' ')[0]}.test.ts`);
  expect(listed.sort()).toEqual(tests.sort());
});
