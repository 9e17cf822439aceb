/**
 * Puts the parts of a message together. The kinds that make up nearly all of the traffic are spelt out:
 * objects made by a spread of several shapes cost a multiple.
 */
import type { InstanceId, NodeId, Term } from '../base/index.ts';
import type { RaftMessage } from './types.ts';

/** Who says it to whom, and when. */
interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly fromInstance: InstanceId;
  readonly toInstance: InstanceId;
  readonly term: Term;
}

/** A message without its envelope. */
export type RaftMessageBody = RaftMessage extends infer M
  ? M extends RaftMessage
    ? Omit<M, keyof Envelope>
    : never
  : never;

export function enveloped(envelope: Envelope, body: RaftMessageBody): RaftMessage {
  const { from, to, fromInstance, toInstance, term } = envelope;
  switch (body.kind) {
    case 'append': {
      const { kind, prev, entries, commit, round, session } = body;
      return { from, to, fromInstance, toInstance, term, kind, prev, entries, commit, round, session };
    }
    case 'append-response': {
      const { kind, accepted, index, hint, appliedIndex, round, session } = body;
      // biome-ignore format: one line a part
      return {
        from, to, fromInstance, toInstance, term,
        kind, accepted, index, hint, appliedIndex, round, session,
      };
    }
    case 'heartbeat': {
      const { kind, commit, round, session, ranks } = body;
      return { from, to, fromInstance, toInstance, term, kind, commit, round, session, ranks };
    }
    case 'heartbeat-response': {
      const { kind, round, session, appliedIndex, loopLagMs, diskLatencyMs } = body;
      // biome-ignore format: one line a part
      return {
        from, to, fromInstance, toInstance, term,
        kind, round, session, appliedIndex, loopLagMs, diskLatencyMs,
      };
    }
    default:
      return { from, to, fromInstance, toInstance, term, ...body };
  }
}
