/** Peer transports on loopback whose listener writes down what it hears. */
import type { Duplex } from 'node:stream';
import type { NodeClaim } from '../../../src/auth/index.ts';
import { type PeerPurpose, PeerTransport, type TransferHeader } from '../../../src/rpc/index.ts';
import { CLUSTER_ID } from './node-folders.ts';

export interface Heard {
  readonly payloads: { peer: string; purpose: PeerPurpose; text: string }[];
  readonly events: { what: string; peer: string; at: number }[];
  /** Who dialled in, once a stream. */
  readonly callers: string[];
  readonly logs: { event: string; fields: Record<string, unknown> }[];
  readonly transfers: { peer: string; header: TransferHeader; stream: Duplex }[];
}

export interface TestPeer {
  readonly transport: PeerTransport;
  readonly heard: Heard;
  readonly address: string;
}

export interface TestPeerOptions {
  readonly nodeId: string;
  readonly pkiDir: string;
  readonly clusterId?: string;
  readonly port?: number;
  readonly purposes?: readonly PeerPurpose[];
  readonly refusal?: (claim: NodeClaim) => string | null;
  readonly ownAddress?: string;
  readonly onPayload?: (peer: string, bytes: Uint8Array) => void;
}

export async function startPeer(options: TestPeerOptions): Promise<TestPeer> {
  const heard: Heard = { payloads: [], events: [], callers: [], logs: [], transfers: [] };
  const tell = (what: string) => (peer: string) => heard.events.push({ what, peer, at: performance.now() });
  const transport = new PeerTransport({
    clusterId: options.clusterId ?? CLUSTER_ID,
    nodeId: options.nodeId,
    instanceId: `${options.nodeId}-instance`,
    pkiDir: options.pkiDir,
    listen: { host: '127.0.0.1', port: options.port ?? 0 },
    purposes: options.purposes ?? ['control', 'bulk'],
    ...(options.refusal === undefined ? {} : { refusal: options.refusal }),
    address: () => options.ownAddress ?? null,
    listener: {
      payload: (peer, purpose, bytes) => {
        if (options.onPayload) options.onPayload(peer, bytes);
        else heard.payloads.push({ peer, purpose, text: Buffer.from(bytes).toString() });
      },
      called: (peer) => heard.callers.push(peer),
      unreachable: tell('unreachable'),
      lost: tell('lost'),
      dead: tell('dead'),
      restored: tell('restored'),
      bulk: (peer, header, stream) => heard.transfers.push({ peer, header, stream }),
      log: (_level, event, fields) => heard.logs.push({ event, fields }),
    },
  });
  await transport.start();
  return { transport, heard, address: `127.0.0.1:${transport.port}` };
}

/** Waits for a condition of the outside world; fails with `what` after 5 s. */
export function until(what: string, condition: () => boolean, timeoutMs: number = 5000): Promise<void> {
  return looked(what, condition, { timeoutMs, pause: () => new Promise((done) => setTimeout(done, 2)) });
}

/** The same for a state that may be gone two milliseconds later: looks after every turn's reading of sockets. */
export function untilInEveryTurn(what: string, condition: () => boolean): Promise<void> {
  return looked(what, condition, { timeoutMs: 5000, pause: () => new Promise((done) => setImmediate(done)) });
}

async function looked(
  what: string,
  condition: () => boolean,
  { timeoutMs, pause }: { readonly timeoutMs: number; readonly pause: () => Promise<void> },
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await pause();
  }
}
