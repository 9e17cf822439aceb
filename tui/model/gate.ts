/**
 * The one gate in front of every action, whatever key or menu asks. The server
 * checks again; this is so that nothing is even asked for on a picture that is not
 * true now.
 */

import type { StatusResponse } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { age } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import type { Deniable, Model } from './model.ts';
import { isStale, missingVoters, pictureAge, quorumFacts } from './selectors.ts';

/** What the API lets an administrator do and no operator; the rest asks for `operate`. */
const ADMINISTERED: ReadonlySet<Deniable> = new Set<Deniable>([
  ...(['apply', 'rollback', 'confirm', 'remove-node', 'replace-node'] as const),
]);

/** Why `thing` may not be started now, in words that say what to do; null = it may. */
export function refusal(model: Model, thing: Deniable): string | null {
  if (model.readOnly) return 'this session is read-only: start it without --read-only to act';
  const denied = model.denied.all ?? model.denied[thing];
  if (denied !== undefined) return denied;
  // who may only look gains nothing by waiting
  const scope = lackingScope(model, ADMINISTERED.has(thing) ? 'administer' : 'operate');
  if (scope !== null) return scope;
  if (model.connection.kind === 'connecting') return 'not connected yet';
  if (model.connection.kind === 'lost')
    return `not connected: wait for the reconnect, or ${keyOf('reconnect')} for another node`;
  if (model.past !== null) return `history is read-only: ${keyOf('last')} returns to live`;
  if (model.replay !== null && !model.replay.acts) return 'a recording can’t be changed, only looked at';
  if (model.frozen !== null) return `the picture is frozen: ${keyOf('freeze')} returns to live`;
  const { status } = model.picture;
  if (status?.raft.leader_id === null) return leaderless(status);
  if (isStale(model)) return `the picture is ${age(pictureAge(model))} old: wait for a fresh one`;
  return null;
}

/** Nothing but the majority that is gone keeps a failover from being planned. */
export function lacksMajority(model: Model): boolean {
  const { status } = model.picture;
  if (status?.raft.leader_id !== null || quorumFacts(status).spare >= 0) return false;
  return refusal(model, 'failover') === leaderless(status);
}

/** Nothing can be changed from here: by how it was started, or by the rights of whoever looks. */
export function isReadOnly(model: Model): boolean {
  return model.readOnly || lackingScope(model, 'operate') !== null;
}

/** Waiting helps only where there is a majority that can elect. */
function leaderless(status: StatusResponse): string {
  const { spare, up, voters, need } = quorumFacts(status);
  if (spare >= 0) return 'there is no leader: wait for the election';
  const missing = missingVoters(status).map(clean).join(', ');
  const counted = `${up} of ${voters} voters up, ${need} needed`;
  return `no majority: ${counted}: start ${missing}; ${keyOf('explain')} says more`;
}

/** The node told what this caller may: whoever may not is not even asked for a plan. */
function lackingScope(model: Model, scope: 'operate' | 'administer'): string | null {
  const caller = model.picture.status?.caller;
  if (caller === undefined || caller.scopes.includes(scope)) return null;
  const who = scope === 'operate' ? 'an operator' : 'an administrator';
  return `needs the scope ${scope}, and ${clean(caller.id)} is ${clean(caller.role)}: ask ${who}`;
}
