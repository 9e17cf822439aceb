/** The screen that fails: the terminal is given back, the cause told, what was kept told once. */
import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Guard } from '../../../tui/guard.ts';
import { runScreen } from '../../../tui/main.tsx';
import type { ActionDialog, Model } from '../../../tui/model/model.ts';
import { Session } from '../../../tui/session.ts';
import { Stage } from '../../../tui/stage.ts';
import { chooseLook } from '../../../tui/theme/look.ts';
import { operation } from '../../tui/recording.ts';
import { missingFeed } from './feed-kit.ts';
import { live, press } from './model-kit.ts';

// the runner's console has no class of its own, and Ink makes one of it
Object.assign(console, { Console });

function terminal() {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => {
    const made = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true });
    made.on('data', (chunk) => {
      written[name] += String(chunk);
    });
    return made as unknown as NodeJS.WriteStream;
  };
  const raw: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => {
      raw.push(isRaw);
      return stdin;
    },
    ref: () => stdin,
    unref: () => stdin,
  });
  const io = {
    ...{ stdin: stdin as unknown as NodeJS.ReadStream, env: {} },
    ...{ stdout: stream('out'), stderr: stream('err') },
  };
  return { io, written, raw };
}

function screen(
  io: ReturnType<typeof terminal>['io'],
  model: Model,
  more: { readonly livesOn?: boolean } = {},
): Promise<number> {
  const stage = new Stage(new Session(missingFeed(), model));
  return runScreen({
    ...{
      stage,
      io,
      guard: new Guard(io),
      look: chooseLook({}, {}),
      skeleton: { name: () => undefined, handOver: () => undefined, leave: () => undefined },
    },
    ...{ livesOn: true, folder: null, mouse: true, wholeLines: true, ...more },
  });
}

describe('runScreen', () => {
  it('runScreen that can’t draw ends with the cause on stderr and the terminal as it was', async () => {
    const { io, written, raw } = terminal();
    // what fails outside of the drawn picture, which has a boundary of its own
    const broken = new Proxy(live(), {
      get: (model, key) => {
        if (key === 'view') throw new TypeError('Cannot read it');
        return Reflect.get(model, key);
      },
    });
    const done = screen(io, broken);
    io.stderr.write('kept meanwhile\n');
    expect(await done).toBe(1);
    expect(written.err.match(/kept meanwhile/g)).toHaveLength(1);
    expect(written.err).toMatch(/error\[internal\]: the screen failed: Cannot read/);
    expect(written.out.lastIndexOf('\x1b[?1049l')).toBeGreaterThan(written.out.lastIndexOf('\x1b[?1049h'));
    expect(written.out.lastIndexOf('\x1b[?1000l'), 'no reports of the mouse').toBeGreaterThan(
      written.out.lastIndexOf('\x1b[?1000h'),
    );
    expect(raw.at(-1) ?? false, 'keys as before').toBe(false);
  });

  it.each([true, false])(
    'runScreen tells on the terminal behind it what goes on without it, in a cluster that lives on: %s',
    async (livesOn) => {
      const { io, written } = terminal();
      const step = { kind: 'running' as const, operation: operation() };
      const running = { ...press(live(), 'F').overlay, step } as ActionDialog;
      const unsettled = ['outcome unknown: silence: sqlcc alert silence list'];
      const model = live(undefined, { running, unsettled, contexts: ['prod-eu', 'prod-us'] });
      const done = screen(io, model, { livesOn });
      io.stdin.emit('readable');
      io.stdin.push('q');
      expect(await done).toBe(0);
      const lines = [...unsettled, 'failover goes on: sqlcc op show op-7 --context prod-eu'];
      expect(written.err).toBe(livesOn ? `${lines.join('\n')}\n` : '');
    },
  );
});

describe('Guard', () => {
  it('Guard gives the terminal back at a signal, and leaves the end to who heeds it', async () => {
    const { io, written } = terminal();
    let heard = 0;
    const heed = () => heard++;
    process.on('SIGHUP', heed);
    const guard = new Guard(io);
    guard.leaveBy(() => void io.stdout.write('left'));
    io.stderr.write('kept');
    process.emit('SIGHUP', 'SIGHUP');
    process.emit('SIGHUP', 'SIGHUP');
    // a signal of its own would be heard by now
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    process.off('SIGHUP', heed);
    expect(heard).toBe(2);
    expect(written).toEqual({ out: 'left', err: 'kept' });
  });

  it('Guard keeps the newest of what was written to stderr, and says how much it let go', () => {
    const { io, written } = terminal();
    const guard = new Guard(io);
    for (let i = 1; i <= 53; i++) io.stderr.write(`${i};`);
    guard.end();
    guard.end();
    expect(written.err).toMatch(/^\(3 earlier messages are not kept\)\n4;5;.*53;$/);
  });
});
