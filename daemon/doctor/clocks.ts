/**
 * This machine's clock beside those of the cluster's other nodes. Each is asked for its
 * time twice, some time apart, with this node's own certificate; the answer was made
 * between question and answer, so half of that time is what the figure may be wrong by.
 */
import { errorFromWire } from '../../src/api/index.ts';
import type { NodeId, SqlccError } from '../../src/base/index.ts';
import { HttpClient } from '../../src/rpc/index.ts';
import type { NodePki } from '../data-files.ts';
import { type DoctorRow, ownClockRow, type PeerClock, peerClockRow, row, unaskedRow } from './rows.ts';

const APART_MS = 1000;
const ASK_MS = 1500;
/** The best of so many questions: the shortest way says most. */
const QUESTIONS = 3;
const OK = 200;

export interface PeerPlace {
  readonly nodeId: NodeId;
  readonly host: string;
  readonly port: number;
}

interface Reading {
  /** Monotonic ms in the middle between question and answer. */
  readonly at: number;
  readonly theirs: number;
  readonly skewMs: number;
  readonly errorMs: number;
}

async function readOnce(http: HttpClient, endpoint: string): Promise<Reading> {
  const from = performance.now();
  const wall = Date.now();
  const answer = await http.request({ endpoint, method: 'GET', path: '/v1/metrics', timeoutMs: ASK_MS });
  const tookMs = performance.now() - from;
  if (answer.status !== OK) throw errorFromWire(answer.status, answer.json());
  const at = (answer.json() as { at?: unknown } | undefined)?.at;
  const theirs = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  // their stamp is a whole millisecond
  return { at: from + tookMs / 2, theirs, skewMs: wall + tookMs / 2 - theirs, errorMs: tookMs / 2 + 1 };
}

async function readBest(http: HttpClient, endpoint: string): Promise<Reading> {
  let best: Reading | null = null;
  for (let n = 0; n < QUESTIONS; n++) {
    const reading = await readOnce(http, endpoint);
    if (best === null || reading.errorMs < best.errorMs) best = reading;
  }
  return best as Reading;
}

/** Two readings as what they say of skew and rate. */
export function compareReadings(peer: string, first: Reading, second: Reading): PeerClock {
  const oursMs = second.at - first.at;
  return {
    peer,
    skewMs: second.skewMs,
    errorMs: second.errorMs,
    rate: (second.theirs - first.theirs) / oursMs - 1,
    rateError: (first.errorMs + second.errorMs) / oursMs,
  };
}

async function peerRow(http: HttpClient, { nodeId, host, port }: PeerPlace): Promise<DoctorRow> {
  const endpoint = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    const first = await readBest(http, endpoint);
    await new Promise((resolve) => setTimeout(resolve, APART_MS));
    const second = await readBest(http, endpoint);
    if (!Number.isNaN(second.theirs)) return peerClockRow(compareReadings(nodeId, first, second));
    return row(`clock of ${nodeId}`, 'warn', `${endpoint} does not tell its time`, 'look at its version');
  } catch (error) {
    return unaskedRow(nodeId, endpoint, error as SqlccError);
  }
}

/** All peers at once; the own clock is watched meanwhile. */
export async function clockRows(peers: readonly PeerPlace[], pki: NodePki | null): Promise<DoctorRow[]> {
  const [wall, monotonic] = [Date.now(), performance.now()];
  const http = pki === null ? null : new HttpClient({ ca: pki.caCert, cert: pki.nodeCert, key: pki.nodeKey });
  const asked = http === null ? [] : await Promise.all(peers.map((peer) => peerRow(http, peer)));
  await http?.close();
  const left = APART_MS - (performance.now() - monotonic);
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  return [ownClockRow(Date.now() - wall, performance.now() - monotonic), ...asked];
}
