import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { overdrawn, paintSkeleton } from '../../../tui/skeleton.ts';
import { chooseLook } from '../../../tui/theme/look.ts';

function terminal(columns: number, rows: number) {
  const written: string[] = [];
  const stdout = Object.assign(new PassThrough(), { columns, rows, isTTY: true });
  stdout.on('data', (chunk) => written.push(String(chunk)));
  return { stdout: stdout as unknown as NodeJS.WriteStream, written };
}

describe('overdrawn', () => {
  it('overdrawn erases each line before it is written, and those below', () => {
    expect(overdrawn('a\nb', 4)).toBe('\x1b[3;1H\x1b[K\x1b[4;1H\x1b[K\x1b[H\x1b[Ka\n\x1b[Kb');
    expect(overdrawn('a\nb\nc', 2)).toBe('\x1b[H\x1b[Ka\n\x1b[Kb\n\x1b[Kc');
  });
});

describe('paintSkeleton', () => {
  it.each([
    [80, 24, 11],
    [59, 24, 2],
    [80, 14, 2],
    [20, 1, 1],
  ])('paintSkeleton at %ix%i has %i lines, none of them wider', (columns, rows, lines) => {
    const { stdout, written } = terminal(columns, rows);
    paintSkeleton(stdout, null, chooseLook({}, {}));
    const painted = written
      .join('')
      .replace(/\x1b\[[?\d]*[a-zA-Z]/g, '')
      .split('\r\n');
    expect(painted.length).toBe(lines);
    expect(painted.map((line) => line.length)).toEqual(painted.map(() => columns));
  });

  it('paintSkeleton hands over: the screen is not entered twice, and only the first frame is drawn over it', () => {
    const { stdout, written } = terminal(80, 5);
    const skeleton = paintSkeleton(stdout, null, chooseLook({}, {}));
    skeleton.name('prod');
    written.splice(0);
    skeleton.handOver();
    for (const text of ['\x1b[?1049h', '\x1b[?25l', 'a\nb\nc', 'd\ne']) stdout.write(text);
    expect(written).toEqual(['\x1b[?25l', '\x1b[H\x1b[Ka\n\x1b[Kb\n\x1b[Kc', 'd\ne']);
  });

  it('paintSkeleton takes back all that it switched on', () => {
    const { stdout, written } = terminal(80, 24);
    paintSkeleton(stdout, 'prod', chooseLook({ ascii: true }, {})).leave();
    expect(written.at(0)).toMatch(/^\x1b\[\?1049h\x1b\[\?25l/);
    expect(written.join('')).not.toMatch(/[┌│─]/);
    expect(written.at(-1)).toBe('\x1b[?1049l\x1b[?25h');
  });
});
