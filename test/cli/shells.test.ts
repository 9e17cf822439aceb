/** Completion scripts and manual pages against the command table, judged by the programs that read them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONNECTION_FLAGS, OUTPUT_FLAG } from '../../src/cli/command-spec.ts';
import { commandPage, manualPages } from '../../src/cli/manual.ts';
import { COMMANDS, GROUPS } from '../../src/cli/tree/commands.ts';
import { skipVisibly } from '../lab/skip.ts';
import { missingProgram } from '../lab/tools.ts';
import { sqlcc } from './harness.ts';

let dir = '';
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-shells-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await sqlcc(['completion', shell]);
    expect(code).toBe(0);
    writeFileSync(join(dir, shell), stdout);
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A test that needs a program; a visible line says that it is not here. */
function needs(program: string) {
  return it.skipIf(skipVisibly(`what ${program} says`, missingProgram([program])));
}

/** Long names of all flags of a command, read from the table by other means than the script's. */
function flagsOf(path: string): string[] {
  const spec = COMMANDS.find((c) => c.path === path);
  if (spec === undefined) return [];
  const texts = [
    ...(spec.flags ?? []).map((f) => f.flags),
    ...(spec.watchable === true ? ['-w, --watch', '--until'] : []),
    ...(spec.output === false ? [] : [OUTPUT_FLAG.flags]),
    ...(spec.online ? CONNECTION_FLAGS.map((f) => f.flags) : []),
  ];
  return [...texts.map((text) => text.split(/[ ,]+/).find((w) => w.startsWith('--')) ?? ''), '--help'];
}

function wordsBehind(path: string): string[] {
  const begin = path === '' ? '' : `${path} `;
  const next = COMMANDS.filter((c) => c.path.startsWith(begin)).map(
    (c) => c.path.slice(begin.length).split(' ')[0],
  );
  return [...new Set(next.filter((w): w is string => w !== undefined && w !== ''))];
}

/** What the script offers behind each line, by the shell itself. */
function offered(lines: readonly string[]): string[][] {
  const script = [`source ${join(dir, 'bash')}`];
  for (const line of lines) {
    script.push(
      `COMP_WORDS=(sqlcc ${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _sqlcc; echo "\${COMPREPLY[*]}"`,
    );
  }
  const out = execFileSync('bash', ['-c', script.join('\n')], { encoding: 'utf8', cwd: dir });
  return out
    .split('\n')
    .slice(0, lines.length)
    .map((line) => line.split(' ').filter(Boolean));
}

describe('completion', () => {
  const paths = ['', ...Object.keys(GROUPS), ...COMMANDS.map((c) => c.path)];

  it('bash offers behind every path just what the table has', () => {
    const files = new Set(readdirSync(dir));
    const found = offered(paths.map((path) => `${path} ''`));
    paths.forEach((path, n) => {
      const isCommand = COMMANDS.some((c) => c.path === path);
      const wanted = isCommand ? flagsOf(path) : wordsBehind(path);
      const shown = (found[n] ?? []).filter((word) => !files.has(word));
      expect.soft(shown.toSorted(), `behind "${path}"`).toEqual(wanted.toSorted());
    });
  });

  it('bash completes the values of flags: choices, files, and nothing where it can know nothing', () => {
    const [formats, roles, files, free, word, nagios] = offered([
      "cluster status -o ''",
      "token create --role 'client'",
      "node start --config ''",
      "cluster failover --reason ''",
      'cluster failover --yes --dry',
      'node check -o nag',
    ]);
    expect(formats).toEqual(['table', 'wide', 'json', 'jsonl', 'yaml']);
    expect(roles).toEqual(['client', 'client-ro']);
    expect(files?.toSorted()).toEqual(readdirSync(dir).toSorted());
    expect(free).toEqual([]);
    expect(word).toEqual(['--dry-run']);
    expect(nagios).toEqual(['nagios']);
  });

  it('fish is told of each command and each flag', () => {
    const text = readFileSync(join(dir, 'fish'), 'utf8');
    const missing = COMMANDS.flatMap(({ path }) => {
      const seen = path.split(' ').map((w) => `__fish_seen_subcommand_from ${w}`);
      const lines = text.split('\n').filter((line) => line.includes(`'${seen.join('; and ')}'`));
      return flagsOf(path).filter(
        (flag) => !lines.some((line) => ` ${line} `.includes(` -l ${flag.slice(2)} `)),
      );
    });
    expect(missing).toEqual([]);
  });

  for (const shell of ['bash', 'zsh', 'fish']) {
    needs(shell)(`${shell} -n finds nothing wrong`, () => {
      const ran = spawnSync(shell, ['-n', join(dir, shell)], { encoding: 'utf8' });
      expect(ran.stderr).toBe('');
      expect(ran.status).toBe(0);
    });
  }

  needs('fish')('fish offers commands and flags by itself', () => {
    const ask = (line: string): string[] =>
      execFileSync('fish', ['--no-config', '-c', `source ${join(dir, 'fish')}; complete -C "${line}"`], {
        ...{ encoding: 'utf8', cwd: dir, env: { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir } },
      })
        .split('\n')
        .map((l) => l.split('\t')[0] ?? '')
        .filter(Boolean);
    expect(ask('sqlcc ').toSorted()).toEqual(wordsBehind('').toSorted());
    expect(ask('sqlcc cluster config ').toSorted()).toEqual(wordsBehind('cluster config').toSorted());
    expect(ask('sqlcc token create --role ')).toContain('viewer');
    expect(ask('sqlcc op wait --').toSorted()).toEqual(flagsOf('op wait').toSorted());
  });
});

describe('man', () => {
  const pages = manualPages('0.1.0');

  it('has a page for sqlcc, each group and each command, and each names all flags', async () => {
    const wanted = ['', ...Object.keys(GROUPS), ...COMMANDS.map((c) => c.path)];
    expect([...pages.keys()]).toEqual(
      wanted.map((p) => (p === '' ? 'sqlcc.1' : `sqlcc-${p.replaceAll(' ', '-')}.1`)),
    );
    for (const { path, summary } of COMMANDS) {
      const text = pages.get(`sqlcc-${path.replaceAll(' ', '-')}.1`) ?? '';
      for (const flag of flagsOf(path).filter((f) => f !== '--help'))
        expect.soft(text, path).toContain(`\\fB${flag.replaceAll('-', '\\-')}\\fR`);
      expect.soft(text.replaceAll('\\-', '-').replaceAll('\\(cq', '’'), path).toContain(summary);
    }
    const one = await sqlcc(['man', 'cluster', 'config', 'update']);
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toContain('.TH "SQLCC\\-CLUSTER\\-CONFIG\\-UPDATE" 1');
    expect((await sqlcc(['man', 'cluster', 'stats'])).code).toBe(2);
  });

  it('the script and --dir write the same files', async () => {
    const script = join(import.meta.dirname, '..', '..', 'scripts', 'man.mjs');
    execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, join(dir, 'a')]);
    expect((await sqlcc(['man', '--dir', join(dir, 'b')])).code).toBe(0);
    expect(readdirSync(join(dir, 'a')).toSorted()).toEqual([...pages.keys()].toSorted());
    for (const name of pages.keys())
      expect(readFileSync(join(dir, 'a', name), 'utf8')).toBe(readFileSync(join(dir, 'b', name), 'utf8'));
  });

  needs('groff')('groff formats every page without a warning', () => {
    for (const [name, text] of pages) {
      const ran = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-rLL=100n'], {
        input: text,
        encoding: 'utf8',
      });
      expect.soft(ran.stderr, name).toBe('');
      expect.soft(ran.stdout.length, name).toBeGreaterThan(300);
    }
  });

  it('no text of the table is a request or an escape of roff', () => {
    const text = commandPage(
      {
        ...{
          path: 'x y',
          summary: '.so /etc/passwd',
          details: "'br \\fB…\n.sp 9",
          online: false,
          output: false,
        },
        flags: [{ flags: '--to <id>', text: '.ab' }],
        ...{ examples: ['.mso x y', 'x y \\X'], load: () => Promise.reject(new TypeError('not run')) },
      },
      '1',
    );
    const requests = text.split('\n').filter((line) => /^[.']/.test(line));
    expect(requests.map((line) => line.split(' ')[0])).toEqual([
      ...['.TH', '.SH', '.SH', '.SH', '.PP', '.SH', '.TP', '.SH', '.nf', '.fi', '.SH', '.BR', '.BR'],
    ]);
    expect(text).toContain("\\&'br \\efB... .sp 9");
    expect(text).toContain('\nsqlcc x y \\eX\n');
  });

  needs('man')('man -l shows a page as people read it', () => {
    const path = join(dir, 'page.1');
    writeFileSync(path, pages.get('sqlcc-node-check.1') ?? '');
    const env = { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8', MANPAGER: 'cat' };
    const text = execFileSync('man', ['-l', path], { encoding: 'utf8', env }).replace(/.\u0008/g, '');
    expect(text).toMatch(/^NAME\n +sqlcc-node-check - health, lag and quorum as an exit code/m);
    expect(text).toMatch(/^ +--warn-lag entries\n +Degraded when further behind, default 1000\.$/m);
    expect(text).toMatch(/^ +sqlcc node check n2 \|\| mail -s "n2: \$\?" ops@example\.org$/m);
  });
});
