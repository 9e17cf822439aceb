/**
 * What a node does at somebody's wish without the log (its log level, its certificate) is told to the
 * leader afterwards, which puts it into the replicated audit. It is done whether or not anybody leads; the
 * word is said again for a while, and when nobody took it the node's own log has it.
 */
import type { Call } from '../src/rpc/index.ts';
import type { NodeContext } from './node-context.ts';
import { encodeCommand, originOf } from './requests.ts';
import { type TellParts, tellLeader } from './tell-leader.ts';

const RETRY_MS = 1000;
const TRIES = 60;
/** Notes that wait for a leader; those beyond stand in the node's own log only. */
const MAX_WAITING = 32;

export interface Note {
  readonly action: string;
  readonly target: string;
  readonly reason: string;
  /** What there is now, in words. */
  readonly after: string | null;
}

let waiting = 0;

type Who = { readonly actor: string; readonly credential: string; readonly from: string };

/** What telling takes of a node. */
export type NoteParts = TellParts & Pick<NodeContext, 'logger'>;

/** Tells it once; throws no_leader, and what the leader or the way to it says. */
export async function tellNote(parts: NoteParts, note: Note, who: Who): Promise<void> {
  const { actor, ...origin } = who;
  const data = encodeCommand({ kind: 'audit-note', ...note }, actor, { origin });
  await tellLeader(parts, { data, path: '/v1/audit/notes', body: { ...note, ...who } });
}

/** Tells of it in the background; never throws. Said twice when an answer was lost. */
export async function tellAudit(context: NodeContext, call: Call, note: Note): Promise<void> {
  const who = { actor: call.identity.id, ...originOf(call) };
  context.logger.log('info', 'audited', { ...note, ...who });
  if (waiting >= MAX_WAITING) return;
  waiting++;
  for (let n = 0; n < TRIES; n++) {
    try {
      await tellNote(context, note, who);
      break;
    } catch (error) {
      if (n + 1 === TRIES)
        context.logger.log('error', 'audit-note-lost', { ...note, error: (error as Error).message });
      else await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    }
  }
  waiting--;
}
