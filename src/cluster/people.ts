/**
 * Who is let in beyond what a certificate or token says of itself: named users with the role they have now,
 * and certificates that were called back. Every node decides by this record, so that one entry of the log
 * reaches all doors.
 */
import { LIMITS } from '../base/index.ts';
import { noteCertificate } from './certificates.ts';
import type { ClusterState, Revocation, UserRecord } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, own, refused } from './outcome.ts';
import { createToken, revokeToken } from './tokens.ts';

type CommandOf<K extends ClusterCommand['kind']> = Extract<ClusterCommand, { kind: K }>;

/** A name as certificates hold it. */
const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;
const SERIAL = /^[0-9a-f]{2,40}$/;

/** True when somebody else than `name` may administer by the record. */
function hasOtherAdmin(state: ClusterState, name: string): boolean {
  return Object.values(state.users).some((u) => u.name !== name && u.isActive && u.role === 'admin');
}

/** Refuses what would leave nobody on record who may administer; `role` is what `name` has afterwards. */
function lastAdmin(state: ClusterState, name: string, role: string | null): Outcome | null {
  if (role === 'admin' || hasOtherAdmin(state, name)) return null;
  const known = own(state.users, name);
  // a role that stands in a certificate alone is not known here: anybody without a record may be one
  if (known !== undefined && (known.role !== 'admin' || !known.isActive)) return null;
  const remedy = 'sqlcc user add NAME --role admin';
  const text = `${name} may be the last administrator on record; add another first: ${remedy}`;
  return refused('failed_precondition', text, { remedy });
}

function put(state: ClusterState, user: UserRecord, event: EventDraft): Outcome {
  const { name, role } = user;
  return done({ ...state, users: { ...state.users, [name]: user } }, [event], { name, role });
}

/** Sets the role of a user; `add` makes one, and brings one back that was revoked. */
function setUser(state: ClusterState, command: CommandOf<'user-set'>, at: ApplyPosition): Outcome {
  const { name, role, mode } = command;
  if (!USER_NAME.test(name))
    return refused('invalid_argument', 'a name has 1 to 63 letters, digits, ".", "_", "@", "-"');
  const known = own(state.users, name);
  if (mode === 'add' && known?.isActive === true)
    return refused('conflict', `user ${name} exists already, with role ${known.role}`);
  if (mode === 'grant' && known?.isActive !== true) return refused('not_found', `no user ${name}`);
  if (known === undefined && Object.keys(state.users).length >= LIMITS.maxUsers)
    return refused('failed_precondition', `there are ${LIMITS.maxUsers} users on record`);
  const last = lastAdmin(state, name, role);
  if (last !== null && mode === 'grant') return last;
  const user: UserRecord = {
    ...{ name, role, isActive: true },
    created: known?.created ?? at.timestamp,
    createdBy: known?.createdBy ?? at.actor,
    changed: at.timestamp,
    changedBy: at.actor,
  };
  return put(state, user, {
    kind: 'user-changed',
    nodeId: null,
    message: `user ${name} has role ${role}, by ${at.actor}`,
    data: { name, role, by: at.actor },
  });
}

/** Refuses a name everywhere, with certificates and tokens of later too, until it is added again. */
function revokeUser(state: ClusterState, { name }: CommandOf<'user-revoke'>, at: ApplyPosition): Outcome {
  if (!USER_NAME.test(name)) return refused('invalid_argument', `"${name}" is no name of a user`);
  const known = own(state.users, name);
  if (known?.isActive === false) return refused('not_found', `user ${name} is revoked already`);
  if (known === undefined && Object.keys(state.users).length >= LIMITS.maxUsers)
    return refused('failed_precondition', `there are ${LIMITS.maxUsers} users on record`);
  const last = lastAdmin(state, name, null);
  if (last !== null) return last;
  const kept = Object.entries(state.tokens).filter(([, t]) => (t.user ?? null) !== name);
  const gone = Object.keys(state.tokens).length - kept.length;
  const user: UserRecord = {
    ...{ name, role: known?.role ?? '', isActive: false },
    created: known?.created ?? at.timestamp,
    createdBy: known?.createdBy ?? at.actor,
    changed: at.timestamp,
    changedBy: at.actor,
  };
  const event: EventDraft = {
    kind: 'user-revoked',
    nodeId: null,
    severity: 'warning',
    message: `user ${name} was revoked by ${at.actor}, with ${gone} tokens`,
    data: { name, by: at.actor, tokens: gone },
  };
  return put({ ...state, tokens: Object.fromEntries(kept) }, user, event);
}

/** Those whose certificates have not ended by themselves. */
function needed(revoked: readonly Revocation[], now: number): readonly Revocation[] {
  return revoked.filter((r) => r.expires > now);
}

/** Calls a certificate back by its serial number, or all that a name was given so far. */
function revokeCertificate(
  state: ClusterState,
  command: CommandOf<'certificate-revoke'>,
  at: ApplyPosition,
): Outcome {
  const { serial, name, reason, expires } = command;
  if ((serial === null) === (name === null))
    return refused('invalid_argument', 'a certificate is revoked by its serial number or by a name');
  if (serial !== null && !SERIAL.test(serial))
    return refused('invalid_argument', 'a serial number is written in hex');
  if (name !== null && !USER_NAME.test(name))
    return refused('invalid_argument', `"${name}" is no name in certificates`);
  if (name !== null && own(state.nodes, name) !== undefined)
    return refused('failed_precondition', `${name} is a node: take it out of the cluster, or name a serial`, {
      remedy: `sqlcc node leave --node ${name}`,
    });
  if (serial !== null && state.revoked.some((r) => r.serial === serial))
    return refused('conflict', `certificate ${serial} is revoked already`);
  const kept = needed(state.revoked, at.timestamp).filter((r) => name === null || r.name !== name);
  if (kept.length >= LIMITS.maxRevocations)
    return refused(
      'failed_precondition',
      `${LIMITS.maxRevocations} certificates are revoked: replace the CA`,
    );
  const revocation: Revocation = { serial, name, at: at.timestamp, by: at.actor, reason, expires };
  const what = serial === null ? `all certificates of ${name}` : `certificate ${serial}`;
  const event: EventDraft = {
    kind: 'certificate-revoked',
    nodeId: null,
    severity: 'warning',
    message: `${what} revoked by ${at.actor}${reason === '' ? '' : `: ${reason}`}`,
    data: { serial, name, by: at.actor, reason },
  };
  return done({ ...state, revoked: [...kept, revocation] }, [event], { serial, name });
}

type OfPeople = Extract<
  ClusterCommand,
  { kind: `token-${string}` | `user-${string}` | `certificate-${string}` }
>;

/** Tokens, users and revocations; roles are checked where they come in and where they are used. */
export function changePeople(state: ClusterState, command: OfPeople, at: ApplyPosition): Outcome {
  switch (command.kind) {
    case 'token-create':
      return createToken(state, command, at);
    case 'token-revoke':
      return revokeToken(state, command, at);
    case 'user-set':
      return setUser(state, command, at);
    case 'user-revoke':
      return revokeUser(state, command, at);
    case 'certificate-known':
      return noteCertificate(state, command, at);
    case 'certificate-revoke':
      return revokeCertificate(state, command, at);
  }
}
