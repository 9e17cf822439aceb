/** The fleet for scripts: one line a cluster, or one document. */
import {
  type FleetEntry,
  type FleetHealth,
  type FleetRow,
  fleetLines,
  fleetRows,
  worstHealth,
} from '../model/fleet.ts';
import { fitLine, textOf } from '../theme/tokens.ts';

const LEAST_CELLS = 100;

export interface FleetDocument {
  readonly schema: 'sqlcc.fleet/1';
  /** How the worst cluster is. */
  readonly health: FleetHealth;
  readonly clusters: readonly FleetRow[];
}

export function fleetDocument(entries: readonly FleetEntry[]): FleetDocument {
  const clusters = fleetRows(entries);
  return { schema: 'sqlcc.fleet/1', health: worstHealth(clusters), clusters };
}

/** Lines without trailing blanks and without escape sequences. */
export function fleetText(entries: readonly FleetEntry[], columns: number): string {
  const cells = Math.max(LEAST_CELLS, columns);
  const lines = fleetLines(fleetRows(entries), cells);
  return lines.map((line) => `${textOf(fitLine(line, cells)).trimEnd()}\n`).join('');
}
