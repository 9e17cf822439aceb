/**
 * A small pure hash for places on rings, observers' short names and buckets. It has to
 * spread and to be equal on all machines; it protects nothing: node ids are admitted by
 * certificate, and whoever could choose one to sit at a chosen place is already inside.
 * That is why it is no SHA-256 (and cores import no node: modules).
 */
import type { NodeId } from '../base/index.ts';
import type { Incarnation, ObserverKey } from './types.ts';

/** FNV-1a over UTF-16 units, then the finaliser of MurmurHash3; unsigned 32 bit. */
export function hashText(text: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The short name of an observer in opinions. Two observers of one subject that share a
 * name count as one vote: a collision can hide a vote, never make one.
 */
export function observerKey(nodeId: NodeId): ObserverKey {
  return hashText(nodeId, 0x6f627376);
}

/** A member's share of its bucket's hash in anti-entropy. */
export function memberHash(nodeId: NodeId, incarnation: Incarnation, rank: number): number {
  const seed = mix(incarnation.boot * 31 + incarnation.refutation * 8 + rank);
  return hashText(nodeId, seed);
}
