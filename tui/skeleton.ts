/**
 * What stands on the screen before anything can be drawn: a title and an empty frame. The first picture is
 * drawn over it line by line, so that nothing flashes: the screen is neither wiped nor entered again.
 */
import { fitText } from './format/width.ts';
import type { Look } from './theme/look.ts';

const ENTER_SCREEN = '\x1b[?1049h';
const HOME = '\x1b[H';
const ENTER = `${ENTER_SCREEN}\x1b[?25l${HOME}`;
const LEAVE = '\x1b[?1049l\x1b[?25h';
const ERASE_LINE = '\x1b[K';

export interface Skeleton {
  /** The cluster has a name now. */
  name(clusterName: string): void;
  /** The next picture that is written, by whomever, is drawn over the sketch. */
  handOver(): void;
  /** Nothing came of it: the terminal is as before. */
  leave(): void;
}

function title(columns: number, clusterName: string | null, look: Look): string {
  const name = clusterName === null ? '' : ` ${look.symbols.crumb} ${clusterName}`;
  return `\x1b[1m${fitText(` sqlcc top${name}`, columns)}\x1b[0m`;
}

/** The lines of the sketch below its title. */
function sketch(columns: number, rows: number, look: Look): string[] {
  const [topLeft, topRight, bottomLeft, bottomRight, across, down] = look.symbols.box;
  const inner = Math.max(0, columns - 2);
  const lines = [fitText(' connecting…', columns)];
  if (rows >= 15 && columns >= 60) {
    lines.push(topLeft + across.repeat(inner) + topRight);
    for (let i = 0; i < Math.max(1, Math.floor(rows * 0.3)); i++) lines.push(down + ' '.repeat(inner) + down);
    lines.push(bottomLeft + across.repeat(inner) + bottomRight);
  }
  return lines.slice(0, Math.max(0, rows - 2)).map((l) => `\x1b[2m${l}\x1b[0m`);
}

/**
 * `frame`, which was made for an empty screen, over `rows` lines that stand there. Lines are erased before
 * they are written: behind the last letter of a full line the eraser would take that letter.
 */
export function overdrawn(frame: string, rows: number): string {
  const lines = frame.split('\n');
  let below = '';
  for (let row = lines.length + 1; row <= rows; row++) below += `\x1b[${row};1H${ERASE_LINE}`;
  return below + HOME + lines.map((line) => ERASE_LINE + line).join('\n');
}

/** The first frame is drawn over `rows` lines, and the screen not entered again, which would wipe it. */
function drawOver(stdout: NodeJS.WriteStream, rows: number): void {
  const write = stdout.write;
  const first = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = String(chunk);
    if (text === ENTER_SCREEN) return true;
    const isFrame = text.includes('\n');
    if (isFrame && stdout.write === first) stdout.write = write;
    return Reflect.apply(write, stdout, [isFrame ? overdrawn(text, rows) : chunk, ...rest]);
  };
  stdout.write = first;
}

/** `clusterName` is null while nobody has read it. */
export function paintSkeleton(stdout: NodeJS.WriteStream, clusterName: string | null, look: Look): Skeleton {
  const columns = stdout.columns || 80;
  const rows = stdout.rows || 24;
  const lines = [title(columns, clusterName, look), ...sketch(columns, rows, look)];
  stdout.write(ENTER + lines.join('\r\n'));
  return {
    name: (found) => {
      if (found !== clusterName) stdout.write(`${HOME}${title(columns, found, look)}`);
    },
    handOver: () => drawOver(stdout, lines.length),
    leave: () => void stdout.write(LEAVE),
  };
}
