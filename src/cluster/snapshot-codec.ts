/**
 * `ClusterState` ↔ bytes: UTF-8 JSON in a versioned envelope, so that a snapshot can be read and an old one
 * migrated.
 */
import { must, SqlccError } from '../base/index.ts';
import { chained } from './audit.ts';
import type { ClusterState } from './cluster-state.ts';

/**
 * Version of the record that this code writes: of its encoding and of what entries make of it. Two versions
 * of the program with one format give the same record from the same entries, to the byte, are compared with
 * each other (`cluster verify`) and may take each other's place at any time. So whatever changes what an
 * entry of the log means, or does, raises this by one, once between two releases; also where old bytes can be
 * read as they are, and then with a migration that only says so.
 */
export const STATE_FORMAT = 3;

interface Envelope {
  readonly format: number;
  readonly state: unknown;
}

/** Format 1 knew neither incidents nor silences nor an outbox; an incident was known by its beginning. */
function withIncidents(state: unknown): unknown {
  const { alerts, ...rest } = state as { readonly alerts: readonly { readonly since: number }[] };
  const known = alerts.map((alert) => ({
    ...alert,
    incident: String(alert.since),
    firedAt: alert.since,
    condition: '',
  }));
  return { ...rest, alerts: known, silences: [], outbox: [] };
}

/** Format 2 knew neither pause nor schedule nor cool-down, nor people. */
const ADDED_IN_3 = { pause: null, schedule: [], cooldowns: {}, users: {}, revoked: [] };

/** From the format of the key to the next one. */
const MIGRATIONS: Readonly<Record<number, (state: unknown) => unknown>> = {
  // the audit became a chain: every node ties the same lines together in the same way
  1: (state) => withIncidents({ ...(state as ClusterState), ...chained((state as ClusterState).audit) }),
  2: (state) => ({ ...(state as ClusterState), ...ADDED_IN_3 }),
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The same state gives the same bytes on every node: records keep the order in which the log filled them. */
export function encodeState(state: ClusterState): Uint8Array<ArrayBuffer> {
  const envelope: Envelope = { format: STATE_FORMAT, state };
  return encoder.encode(JSON.stringify(envelope));
}

/**
 * Throws `storage_failed` for bytes of a newer version; damage is the business of the file's own checksums.
 */
export function decodeState(bytes: Uint8Array): ClusterState {
  const envelope = JSON.parse(decoder.decode(bytes)) as Envelope;
  if (!Number.isSafeInteger(envelope.format) || envelope.format < 1 || envelope.format > STATE_FORMAT) {
    const text = `the cluster state has format ${envelope.format}, this version reads up to ${STATE_FORMAT}`;
    throw new SqlccError('storage_failed', text, {
      hint: 'use the version of sqlcc that wrote it, or a newer one',
    });
  }
  let state = envelope.state;
  for (let format = envelope.format; format < STATE_FORMAT; format++) {
    state = must(MIGRATIONS[format], `migration from format ${format}`)(state);
  }
  return state as ClusterState;
}
