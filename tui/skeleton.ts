import { fitText } from './format/width.ts';
import type { Look } from './theme/look.ts';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[H';
const LEAVE = '\x1b[?1049l\x1b[?25h';

export interface Skeleton {
  /** Ink takes over: the screen is wiped so that nothing of the sketch shines through. */
  handOver(): void;
  /** Nothing came of it: the terminal is as before. */
  leave(): void;
}

function sketch(columns: number, rows: number, clusterName: string, look: Look): string {
  const [topLeft, topRight, bottomLeft, bottomRight, across, down] = look.symbols.box;
  const inner = Math.max(0, columns - 2);
  const lines = [
    fitText(` sqlcc top ${look.symbols.crumb} ${clusterName}`, columns),
    fitText(' connecting…', columns),
  ];
  if (rows >= 15 && columns >= 60) {
    lines.push(topLeft + across.repeat(inner) + topRight);
    for (let i = 0; i < Math.max(1, Math.floor(rows * 0.3)); i++) lines.push(down + ' '.repeat(inner) + down);
    lines.push(bottomLeft + across.repeat(inner) + bottomRight);
  }
  return lines
    .slice(0, rows - 1)
    .map((l, i) => (i === 0 ? `\x1b[1m${l}\x1b[0m` : `\x1b[2m${l}\x1b[0m`))
    .join('\r\n');
}

export function paintSkeleton(stdout: NodeJS.WriteStream, clusterName: string, look: Look): Skeleton {
  const columns = stdout.columns || 80;
  const rows = stdout.rows || 24;
  stdout.write(ENTER + sketch(columns, rows, clusterName, look));
  return {
    handOver: () => void stdout.write('\x1b[2J\x1b[H'),
    leave: () => void stdout.write(LEAVE),
  };
}
