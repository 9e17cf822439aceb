/**
 * A node's word about itself ↔ bytes: a JSON array in a fixed order, because this word is most of
 * what an idle cluster sends and names of fields were most of the word. Shares are rounded to four
 * digits. What another version writes in another way is unknown here, not an error.
 */
import type { AlertAction } from '../src/alerts/index.ts';
import type { DigestFacts } from './node-view.ts';
import { TOLD_READINGS, type ToldIncident, type ToldReadings } from './told.ts';

const VERSION = 2;
const HEALTHS: readonly DigestFacts['health'][] = ['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN'];
const ROLES: readonly DigestFacts['role'][] = ['follower', 'pre-candidate', 'candidate', 'leader', 'learner'];
/** Version and facts; what later versions added may be missing. */
const LENGTH = 19;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function encodeDigest(digest: DigestFacts): Uint8Array<ArrayBuffer> {
  const { health, role, at, startedAt } = digest;
  const row = [
    ...[VERSION, HEALTHS.indexOf(health), digest.issues, at, ROLES.indexOf(role), digest.term],
    ...[digest.leaderId, digest.appliedIndex, digest.lastIndex],
    ...[digest.cpuUsage, digest.memoryUsage, digest.diskUsage].map(rounded),
    ...[digest.diskUsedBytes, rounded(digest.capacity), rounded(digest.loadFactor), digest.connections],
    ...[digest.latencyP95Ms === null ? null : rounded(digest.latencyP95Ms), startedAt, digest.diverged ?? []],
    ...[digest.requests ?? null, digest.errors ?? null],
    ...[readingsRow(digest.readings ?? {}), toldRow(digest.told ?? null)],
  ];
  return encoder.encode(JSON.stringify(row));
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** Values in the order of the table, null for what is unknown. */
function readingsRow(readings: ToldReadings): (number | null)[] {
  return TOLD_READINGS.map((name) => {
    const value = readings[name];
    return value === undefined ? null : rounded(value);
  });
}

function readingsOf(row: unknown): ToldReadings {
  if (!Array.isArray(row)) return {};
  const known = TOLD_READINGS.flatMap((name, n) =>
    typeof row[n] === 'number' ? [[name, row[n]] as const] : [],
  );
  return Object.fromEntries(known);
}

function toldRow(told: ToldIncident | null): readonly string[] {
  return told === null ? [] : [told.incident, ...told.channels];
}

function toldOf(row: unknown): ToldIncident | null {
  if (!Array.isArray(row) || typeof row[0] !== 'string') return null;
  return { incident: row[0], channels: row.slice(1) as AlertAction[] };
}

/** Null for bytes that are no such word. Their writer is a node of the cluster: its fields are believed. */
export function decodeDigest(bytes: Uint8Array): DigestFacts | null {
  try {
    const row = JSON.parse(decoder.decode(bytes)) as unknown;
    if (!Array.isArray(row) || row.length < LENGTH || row[0] !== VERSION) return null;
    const health = HEALTHS[row[1] as number];
    const role = ROLES[row[4] as number];
    if (health === undefined || role === undefined) return null;
    return {
      ...{ health, issues: row[2], at: row[3], role, term: row[5], leaderId: row[6] },
      ...{ appliedIndex: row[7], lastIndex: row[8], cpuUsage: row[9], memoryUsage: row[10] },
      ...{ diskUsage: row[11], diskUsedBytes: row[12], capacity: row[13], loadFactor: row[14] },
      ...{ connections: row[15], latencyP95Ms: row[16], startedAt: row[17], diverged: row[18] },
      ...{ requests: row[19] ?? null, errors: row[20] ?? null },
      ...{ readings: readingsOf(row[21]), told: toldOf(row[22]) },
    } as DigestFacts;
  } catch {
    return null;
  }
}
