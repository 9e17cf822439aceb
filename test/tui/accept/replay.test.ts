/** Acceptance on recordings: what needs no daemons, in a real terminal, in tmux and under a shell. */
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ReplayLine } from '../../../tui/feed/replay-feed.ts';
import type { NodeRow } from '../../../tui/feed/wire.ts';
import { bindingsOf } from '../../../tui/keymap.ts';
import { VIEWS } from '../../../tui/model/views.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { answers } from '../answers.ts';
import { drawn, expectDrawn } from '../golden.ts';
import { buildProgram, type Program, pause, replaying, Terminal, type TerminalOptions } from '../pty.ts';
import { at, calmWith, event, sixNodes, status } from '../recording.ts';
import { kept, WHOLE } from './kit.ts';

skipVisibly('help key by key in a terminal', WHOLE ? null : 'npm run accept:tui plays them');

let program: Program;
let calm: string;
beforeAll(async () => {
  program = await buildProgram();
  calm = program.recording(calmWith(answers()));
});
afterAll(() => program.remove());

async function shown(options: TerminalOptions, file = calm): Promise<Terminal> {
  const terminal = kept(replaying(program, file, options));
  await terminal.until((t) => t.includes('n5') && /CPU|q4\/5/.test(t), 'the first picture');
  await terminal.still(300);
  return terminal;
}

const WAS_MS = -2_400_000;

/** An hour in which n5 led until 40 minutes ago and n1 since then, with a picture every 20 s. */
function anHour(): ReplayLine[] {
  const election = (term: number, node_id: string, ms: number) => ({
    ...{ at: at(ms), term, node_id, votes: ['n1', 'n2', 'n3', 'n6'], cause: 'timeout' },
    ...{ detect_ms: 2100, election_ms: 210 },
  });
  const elections = [election(8, 'n5', -3_500_000), election(9, 'n1', WAS_MS)];
  const pictures = Array.from({ length: 180 }, (_, i): ReplayLine => {
    const ms = -3_580_000 + i * 20_000;
    const old = ms < WAS_MS - 2310;
    const nodes = sixNodes().map(
      (n): NodeRow =>
        !old
          ? n
          : n.node_id === 'n5'
            ? { ...n, role: 'leader' as const, state: 'LEADER', liveness: 'alive' as const, term: 8 }
            : { ...n, role: n.voter ? ('follower' as const) : n.role, state: 'FOLLOWER', term: 8 },
    );
    const raft = { ...status().raft, leader_id: old ? 'n5' : 'n1', term: old ? 8 : 9 };
    return {
      at: at(ms),
      status: status({ nodes, raft, elections: old ? elections.slice(0, 1) : elections }),
    };
  });
  const told = (ms: number, node: string, kind: string, message: string, term: number): ReplayLine => ({
    at: at(ms),
    event: event(ms, node, kind, message, { data: { term } }),
  });
  const lines = [
    ...pictures,
    told(-3_500_000, 'n5', 'leader-elected', 'leads term 8', 8),
    told(WAS_MS - 2310, 'n2', 'leader-lost', 'knows no leader (term 8)', 8),
    told(WAS_MS - 500, 'n1', 'campaign-started', 'asks for pre-votes for term 9', 9),
    told(WAS_MS, 'n1', 'leader-elected', 'leads term 9 after 2.31 s', 9),
    told(-1_000_000, 'n3', 'health-changed', 'n3 is DEGRADED: disk takes 312 ms to sync', 9),
  ];
  return [...lines.sort((a, b) => (a.at < b.at ? -1 : 1)), ...answers()];
}

/** What the bodies of views say from the second of the election on, and not one second before. */
const ELECTED: Readonly<Record<string, RegExp>> = {
  1: /★[ ~]n1 .*Leader /,
  2: /\d\d:\d\d:\d\d +9 +(★ )?n1 /,
  5: /leads term 9 after 2\.31 s/,
};

describe('time travel', () => {
  it('7: all views agree on the second of an election 40 minutes ago, and nothing can be changed there', async () => {
    const hour = program.recording(anHour());
    const terminal = await shown({ columns: 120, rows: 36, flags: ['--speed=2400'] }, hour);
    terminal.type('5');
    await terminal.see('is DEGRADED: disk takes 312 ms');
    terminal.type('/');
    await terminal.see('Enter keep');
    terminal.type('2.31');
    await terminal.see('1 match');
    terminal.type('\r');
    terminal.type('T');
    await terminal.see('HISTORY');
    terminal.type('\x1b');
    // with a digit at its heels it would be another key
    await terminal.until((t) => !t.includes('1 match'), 'no filter');
    const second = at(WAS_MS).slice(11, 19);
    const before = at(WAS_MS - 1000).slice(11, 19);
    for (const [key, moment, leader] of [
      ['', second, /★ n1 {2}term 9/],
      ['[', before, /NO LEADER 1\.3 s/],
    ] as const) {
      terminal.type(key);
      await terminal.until((t) => t.split('\n')[2]?.includes(moment) === true, moment);
      for (const { key: digit, title } of VIEWS.filter((v) => v.key !== null && v.id !== 'fleet')) {
        terminal.type(digit ?? '');
        await terminal.until((t) => t.split('\n')[0]?.includes(`▸ ${title} `) === true, title);
        const own = ELECTED[digit ?? ''];
        const isWhole = (t: string) =>
          (moment === before || own?.test(t) !== false) && (digit !== '5' || t.includes('knows no leader'));
        const text = await terminal.settled(isWhole, 80);
        const [first = '', , banner = ''] = text.split('\n');
        expect(first, digit ?? '').toMatch(leader);
        expect(banner, digit ?? '').toContain(moment);
        expect(text, 'what came later').not.toContain('is DEGRADED: disk takes 312 ms');
        if (own !== undefined && moment === second) expect(text, `${digit} at ${moment}`).toMatch(own);
        if (own !== undefined && moment === before) expect(text, `${digit} at ${moment}`).not.toMatch(own);
        if (moment === before && (digit === '1' || digit === '2'))
          expect(text, `${digit} says what the first line says`).toMatch(/no leader for 1\.3 s/i);
        if (digit === '5') expect(text, 'a second that both know').toContain('knows no leader (term 8)');
        terminal.type('F');
        await terminal.see('history is read-only: End returns to live');
      }
    }
    terminal.type('\x1b[F');
    await terminal.until((t) => / (▸ REPLAY|END) *$/m.test(t), 'the recording, no longer its past');
    terminal.type('5');
    await terminal.see('is DEGRADED: disk takes 312 ms');
  });
});

/** The command that a shell would run for the screen. */
function command(): string {
  return [process.execPath, program.file, calm].join(' ');
}

/** An interactive shell in a terminal, with a prompt that is easy to see. */
async function shell(): Promise<Terminal> {
  const terminal = kept(
    new Terminal(['/bin/bash', '--norc', '--noprofile', '-i'], {
      columns: 120,
      rows: 36,
      env: { PS1: 'ready> ' },
    }),
  );
  await terminal.see('ready>');
  return terminal;
}

/** What the lines for a screen reader hold of the recording. */
const PLAIN = [
  /degraded: n5 is dead/,
  /^ L n1 +eu-a +Leader +ok /m,
  /^ X n5 +eu-c +Voter +DEAD /m,
  /QUORUM\s+need 3 of 5 \S up 4 \S can lose 1 more/,
  /ELECTIONS\s+TIME +TERM +WINNER/,
  /ALERTS\s+! +NodeDown n5 /,
];

describe('any terminal', () => {
  it('9: NO_COLOR, --plain, 44x12 and 300x80 look as drawn, also after 40 resizes in a second', async () => {
    const wide = await shown({ columns: 300, rows: 80, env: { NO_COLOR: '1' } });
    await expectDrawn(wide, 'topology-300x80');
    expect(wide.hasColour()).toBe(false);
    for (let i = 0; i < 40; i++) {
      wide.resize(44 + ((i * 37) % 250), 12 + ((i * 11) % 60));
      await pause(25);
    }
    wide.resize(44, 12);
    await expectDrawn(wide, 'topology-44x12');
    wide.kill('SIGTERM');
    await wide.exited();
    expect(wide.buffer).toBe('normal');
    const plain = kept(replaying(program, calm, { columns: 80, rows: 24, flags: ['--plain'] }));
    await plain.until(() => /QUORUM[\s\S]*ALERTS[\s\S]*NodeDown/.test(plain.raw), 'the lines');
    expect(plain.raw).not.toMatch(/\x1b\[\?1049h|[─│█⠁-⣿]/);
    const lines = plain.raw.split('\r\n');
    expect(lines[0]).toBe(
      'q and Enter leave, as the end of the input does. What changes is told in a line each.',
    );
    for (const said of PLAIN) expect(plain.raw).toMatch(said);
  });

  it('9: Ctrl-Z gives the shell back, fg the same screen, and the end the same settings of the terminal', async () => {
    const terminal = await shell();
    terminal.type('stty -g > /dev/null; S=$(stty -g); echo before\r');
    await terminal.see('before\n');
    terminal.type(`${command()} --mouse\r`);
    await terminal.until((t) => t.includes('★ n1') && t.includes('CPU'), 'the screen');
    const before = await expectDrawn(terminal, 'topology-120x36');
    expect(terminal.hearsMouse).toBe(true);
    terminal.type('\x1a');
    await terminal.see('Stopped');
    expect([terminal.buffer, terminal.hearsMouse, terminal.hearsPastes]).toEqual(['normal', false, true]);
    terminal.type('echo "still $((40 + 2))"\r');
    await terminal.see('still 42');
    terminal.type('fg\r');
    await terminal.until((t) => t === before, 'the same screen');
    expect([terminal.buffer, terminal.hearsMouse, terminal.hearsPastes]).toEqual(['alternate', true, true]);
    // stopped by somebody else, it could not give the terminal back; the shell changed it, and fg is heard
    const [job = ''] = execFileSync('pgrep', ['-P', String(terminal.pid)], { encoding: 'utf8' }).split('\n');
    process.kill(Number(job), 'SIGSTOP');
    await terminal.see('Stopped');
    terminal.resize(80, 24);
    terminal.type('fg\r');
    await terminal.until((t) => t.includes('★ n1') && !t.includes('Stopped'), 'the screen, drawn anew');
    terminal.type('jj');
    await terminal.see('▌● n3');
    terminal.type('q');
    await terminal.see('ready>');
    terminal.type('[ "$S" = "$(stty -g)" ] && echo "settings $((1 + 1))"\r');
    await terminal.see('settings 2');
    expect(terminal.hearsMouse).toBe(false);
  });

  const noTmux = skipVisibly(
    'the screen in tmux',
    spawnSync('tmux', ['-V']).error === undefined ? null : 'tmux is not installed',
  );
  it.skipIf(noTmux)(
    '9: in tmux the same screen, keys in a burst, another size, detached and attached',
    async () => {
      const tmux = (...args: string[]): string =>
        execFileSync('tmux', ['-L', `sqlcc-${process.pid}`, '-f', '/dev/null', ...args], {
          encoding: 'utf8',
          env: { ...process.env, LANG: 'C.UTF-8', TERM: 'xterm-256color', TMUX: '' },
        });
      onTestFinished(() => void spawnSync('tmux', ['-L', `sqlcc-${process.pid}`, 'kill-server']));
      tmux(
        'new-session',
        '-d',
        '-x',
        '120',
        '-y',
        '36',
        `CI= ${command()}`,
        ';',
        'set',
        '-g',
        'status',
        'off',
      );
      const pane = (): string => `${tmux('capture-pane', '-p').replace(/ +$/gm, '').trimEnd()}\n`;
      const until = async (what: string, test: (text: string) => boolean): Promise<void> => {
        for (let tries = 0; !test(pane()); tries++) {
          if (tries > 1200) throw new Error(`never ${what}:\n${pane()}`);
          await pause(50);
        }
      };
      tmux('resize-window', '-x', '120', '-y', '36');
      const whole = drawn('topology-120x36');
      await until('the table as drawn', (t) => t === whole);
      tmux('send-keys', 'j', 'j', 'j');
      await until('three rows down', (t) => t.includes('▌✖ n5'));
      tmux('resize-window', '-x', '60', '-y', '15');
      await until('the small one', (t) => t.split('\n').length <= 16 && t.includes('▌✖ n5'));
      tmux('resize-window', '-x', '120', '-y', '36');
      // a client comes and goes: the pane is drawn for it anew
      const client = kept(
        new Terminal(['tmux', '-L', `sqlcc-${process.pid}`, 'attach'], { columns: 120, rows: 36 }),
      );
      await client.see('▌✖ n5');
      client.type('\x02d');
      await client.exited();
      await until('the same as before', (t) => t.includes('▌✖ n5') && t.includes('Elections'));
      tmux('send-keys', 'q');
    },
  );
});

/** It turns while an operation runs. */
const SPINNER = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏](?= +\d+ ms)/g;

describe('help', () => {
  it.skipIf(!WHOLE)(
    '12: ? lists exactly the keys that work in each view; any other key does nothing',
    async () => {
      const terminal = await shown({ columns: 120, rows: 80 });
      for (const { id, key } of VIEWS.filter((v) => v.key !== null)) {
        terminal.type(key ?? '');
        await terminal.still(120);
        const bindings = bindingsOf('main', id);
        terminal.type('?');
        await terminal.see('keys that work now');
        const help = await terminal.still(80);
        const lines = help.split('\n');
        const left = Math.max(...lines.map((l) => l.indexOf('┌ Help')));
        const listed = lines.flatMap((l) => {
          const found = /^│ (?:[A-Z]{2,4} +| {6})(\S+(?: \S+)?) {2,}/.exec(l.slice(left));
          return found?.[1] === undefined ? [] : [found[1]];
        });
        for (const { label } of bindings) expect(listed, `${id}: ${label}`).toContain(label.trim());
        expect(listed.length, id).toBe(bindings.length);
        terminal.type('\x1b');
        await terminal.until((t) => !t.includes('keys that work now'), 'help is closed');
        const before = (await terminal.still(80)).replace(SPINNER, '');
        const bound = new Set(bindings.flatMap((b) => b.keys));
        for (let code = 33; code < 127; code++) {
          const unbound = String.fromCharCode(code);
          if (bound.has(unbound)) continue;
          terminal.type(unbound);
          await pause(4);
        }
        const after = (await terminal.still(120)).replace(SPINNER, '');
        expect(after, `${id}: keys that are not listed`).toBe(before);
      }
    },
  );
});
