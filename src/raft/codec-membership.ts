/** Membership ↔ bytes: the data of a `membership` entry, and part of a snapshot's description. */
import { ByteReader, ByteWriter, type Decoded } from './bytes.ts';
import type { Membership, RaftMember } from './types.ts';

const VERSION = 1;
const MAX_TEXT_BYTES = 255;
const LISTS = ['voters', 'outgoing', 'learners', 'learnersNext'] as const;

export function writeMembership(out: ByteWriter, membership: Membership): void {
  out.u8(VERSION);
  for (const list of LISTS) {
    out.u32(membership[list].length);
    for (const member of membership[list]) {
      out.text(member.nodeId);
      out.text(member.instanceId);
      out.text(member.address);
    }
  }
}

export function readMembership(input: ByteReader): Membership {
  if (input.u8() !== VERSION) input.fail();
  const read = (): RaftMember[] => {
    const members: RaftMember[] = [];
    for (let left = input.count(12); left > 0 && !input.failed; left--) {
      const nodeId = input.text(MAX_TEXT_BYTES);
      const instanceId = input.text(MAX_TEXT_BYTES);
      members.push({ nodeId, instanceId, address: input.text(MAX_TEXT_BYTES) });
    }
    return members;
  };
  return { voters: read(), outgoing: read(), learners: read(), learnersNext: read() };
}

export function encodeMembership(membership: Membership): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(256);
  writeMembership(out, membership);
  return out.finish();
}

/** Total: any bytes give a membership or a reason. */
export function decodeMembership(bytes: Uint8Array): Decoded<Membership> {
  const input = new ByteReader(bytes);
  const value = readMembership(input);
  if (input.failed || input.remaining > 0) return { ok: false, reason: 'no membership of a known format' };
  return { ok: true, value };
}
