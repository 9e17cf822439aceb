/**
 * What a person looks at before leadership moves, beyond whether it may: whose votes the target can count on,
 * how far the clocks agree, and whose work is under way. They refuse nothing; what nobody knows is said so.
 */
import { formatDuration, type NodeId, plural } from '../base/index.ts';
import type { Check, NodeFact, PlanFacts } from './plan.ts';
import { check } from './plan.ts';

/** The alert ClockSkew begins here too. */
const CLOCK_WARNING_MS = 500;

/** The checks of a move to `to`; none where nobody moves. */
export function moveChecks(facts: PlanFacts, to: NodeId | null): Check[] {
  if (to === null || facts.leaderId === null || to === facts.leaderId) return [];
  const alive = facts.voters.flatMap((id) => {
    const fact = facts.nodes.find((n) => n.nodeId === id);
    return fact?.liveness === 'alive' ? [fact] : [];
  });
  return [votesCheck(facts, to, alive), clocksCheck(alive), workCheck(facts, facts.leaderId)];
}

/** A voter in a later term than this one may have given its vote there: it can't be counted on. */
function votesCheck({ term, voters }: PlanFacts, to: NodeId, alive: readonly NodeFact[]): Check {
  const needed = Math.floor(voters.length / 2) + 1;
  const sure = alive.filter((n) => n.term != null && n.term <= term);
  const ahead = alive.flatMap((n) =>
    n.term != null && n.term > term ? [`${n.nodeId} is in term ${n.term}`] : [],
  );
  const unknown = alive.filter((n) => n.term == null).map((n) => n.nodeId);
  const rest = [...ahead, ...(unknown.length === 0 ? [] : [`not known of ${unknown.join(', ')}`])];
  const text =
    `${to} can count on ${sure.length} of ${voters.length} votes, ${needed} needed` +
    (rest.length === 0 ? '' : `; ${rest.join('; ')}`);
  return check('votes', sure.length >= needed ? 'pass' : 'warn', text);
}

/** Each node knows only how far the nearest other clock is. */
function clocksCheck(alive: readonly NodeFact[]): Check {
  const offsetOf = (n: NodeFact): number => n.clockOffsetMs ?? -1;
  const [widest] = [...alive].sort((a, b) => offsetOf(b) - offsetOf(a));
  const unknown = alive.filter((n) => n.clockOffsetMs == null).map((n) => n.nodeId);
  if (widest?.clockOffsetMs == null) {
    const text = 'how far the wall clocks agree is not known';
    return check('clocks', 'warn', text);
  }
  const isWide = widest.clockOffsetMs >= CLOCK_WARNING_MS;
  const off = formatDuration(widest.clockOffsetMs);
  const text = isWide
    ? `the wall clock of ${widest.nodeId} is ${off} off the nearest other`
    : `wall clocks agree to ${off}`;
  const rest = unknown.length === 0 ? '' : `; not known of ${unknown.join(', ')}`;
  return check('clocks', isWide ? 'warn' : 'pass', `${text}${rest}`);
}

/** One request is one transaction: none is held open from one to the next, so only requests can be hit. */
function workCheck({ nodes, writesWaiting = null }: PlanFacts, leaderId: NodeId): Check {
  const connections = nodes.find((n) => n.nodeId === leaderId)?.connections ?? null;
  const open = connections === null ? 'connections not known' : plural(connections, 'connection');
  if (writesWaiting === null) {
    return check('work', 'warn', `how many writes wait on ${leaderId} is not known (${open})`);
  }
  if (writesWaiting === 0) return check('work', 'pass', `no write waits on ${leaderId} (${open})`);
  const writes = plural(writesWaiting, 'write');
  const text = `${writes} under way on ${leaderId} may need repeating (${open})`;
  return check('work', 'warn', text);
}
