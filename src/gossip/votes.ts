/**
 * Opinions about one incarnation of one member, and what they come to.
 *
 * An observer's opinion is a counter whose remainder is its level. It moves by adding,
 * so the larger of two counts is the newer word, and a withdrawal is just another step.
 * Everything about one member travels as one item that merges by maximum.
 */
import { LIMITS, type NodeId } from '../base/index.ts';
import { thresholds } from './suspicion.ts';
import type { ObserverKey, Opinion } from './types.ts';

/** 0 hears it · 1 has not heard it for S1 · 2 votes for silence · 3 votes for hard evidence. */
export type Level = 0 | 1 | 2 | 3;
export const QUIET: Level = 0;
export const SUSPECTS: Level = 1;
export const VOTES_SILENT: Level = 2;
export const VOTES_DEAD: Level = 3;

const LEVELS = 4;

export function levelOf(count: number): Level {
  return (count % LEVELS) as Level;
}

/** The smallest count ≥ `count` with `level`. */
export function withLevel(count: number, level: Level): number {
  return count + ((level - levelOf(count) + LEVELS) % LEVELS);
}

/** Takes each newer opinion of `from` into `into`; true when one was. */
export function mergeOpinions(into: Map<ObserverKey, number>, from: readonly Opinion[]): boolean {
  let changed = false;
  for (const { observer, count } of from) {
    const known = into.get(observer);
    if (known === undefined ? count === 0 || into.size >= LIMITS.maxGossipOpinions : count <= known) continue;
    into.set(observer, count);
    changed = true;
  }
  return changed;
}

/** How many of `opinions` accuse, at or above `level`. */
export function countAccusers(opinions: ReadonlyMap<ObserverKey, number>, level: Level): number {
  let found = 0;
  for (const count of opinions.values()) if (levelOf(count) >= level) found++;
  return found;
}

/** Who accuses, at or above `level`. */
export function accusers(opinions: ReadonlyMap<ObserverKey, number>, level: Level): ObserverKey[] {
  return [...opinions].filter(([, count]) => levelOf(count) >= level).map(([observer]) => observer);
}

/** What the observers of one member say now. */
export interface Tally {
  readonly suspects: readonly NodeId[];
  readonly votes: readonly NodeId[];
  /** One of the votes is hard evidence. */
  readonly hard: boolean;
  /** Observers that count: those that are not themselves voted on. */
  readonly live: number;
  readonly suspected: boolean;
  readonly failed: boolean;
}

export interface Observer {
  readonly nodeId: NodeId;
  readonly key: ObserverKey;
}

/** Counts the opinions of `observers`, which are the live ones already. */
export function tally(opinions: ReadonlyMap<ObserverKey, number>, observers: readonly Observer[]): Tally {
  const suspects: NodeId[] = [];
  const votes: NodeId[] = [];
  let hard = false;
  for (const { nodeId, key } of observers) {
    const level = levelOf(opinions.get(key) ?? 0);
    if (level >= SUSPECTS) suspects.push(nodeId);
    if (level >= VOTES_SILENT) votes.push(nodeId);
    if (level === VOTES_DEAD) hard = true;
  }
  const live = observers.length;
  const { low, high } = thresholds(live);
  return {
    suspects,
    votes,
    hard,
    live,
    suspected: live > 0 && suspects.length >= low,
    failed: live > 0 && votes.length >= high,
  };
}
