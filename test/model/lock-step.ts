/**
 * Steps the reference model beside every core of a scene, over the same inputs, and
 * compares after each of them: term, vote, role, leader, log, commit, what is durable,
 * the membership, what is written, and what is answered; a read covers all that was
 * committed when it was asked. What a server may choose (when it stands, whether a leader
 * takes a proposal) is read off the core and must be allowed.
 */
import type { RaftInput, RaftOutput, RaftStatus } from '../../src/raft/index.ts';
import { SCENE_SETTINGS, type SceneNode, type SceneWatch } from '../golden/raft/scene.ts';
import { changed, mayGrant, onLeaderGone, onMessage, readLine } from './messages.ts';
import { emptyImage, type Image, RaftModel } from './raft-model.ts';

export class Mismatch extends Error {
  override readonly name = 'Mismatch';
}

const DEFAULT_TIMEOUT_MS = 150;

export class LockStep implements SceneWatch {
  readonly #models = new Map<string, RaftModel>();
  /** Answers that the model gives and the core has not sent yet. */
  readonly #expected = new Map<string, string[]>();
  /** By server, whom it may answer without being asked again. */
  readonly #late = new Map<string, string>();
  #now = 0;
  /** The highest index that any server ever took for committed. */
  #committed = 0;
  /** Reads that wait: their number, and what was committed somewhere when they were asked. */
  readonly #reads = new Map<number, number>();
  /** Comparisons made, and how often each kind of input was seen, and each kind of change was taken. */
  compared = 0;
  readonly seen = new Map<string, number>();

  started(node: SceneNode): void {
    const known = this.#models.get(node.id);
    const found = imageOf(node);
    if (known !== undefined)
      this.#same(node.id, 'disk', comparable(known.survives, node), comparable(found, node));
    const image = known === undefined ? found : known.survives;
    const options = { image, applied: node.applied, timeoutMs: DEFAULT_TIMEOUT_MS };
    const model = new RaftModel(node.id, `i-${node.id}`, options);
    this.#models.set(node.id, model);
    this.#expected.set(node.id, []);
    if (node.core !== null) this.#compare(model, node.core.status(), 'start');
  }

  stepped(node: SceneNode, input: RaftInput, now: number): void {
    this.#now = now;
    const model = this.#models.get(node.id);
    const status = node.core?.status();
    if (model === undefined || status === undefined) return;
    const name = input.kind === 'message' ? input.message.kind : input.kind;
    this.#note(name);
    if (input.kind === 'read-index') this.#reads.set(input.id, this.#committed);
    const { role } = model;
    this.#take(model, input, { now, status });
    if (model.leaseVoid && model.asker !== null) {
      if (mayGrant(model, model.asker, now)) this.#late.set(model.id, model.asker.from);
      model.asker = null;
    }
    if (model.role === 'leader' && role !== 'leader') model.syncPeers(now);
    if (model.role === 'leader') model.decide(now);
    this.#compare(model, status, name);
    this.#committed = Math.max(this.#committed, model.commit);
  }

  took(node: SceneNode, output: RaftOutput): void {
    const model = this.#models.get(node.id);
    if (model === undefined) return;
    this.#autoPromotion(model, node, output);
    for (const { id, index } of output.reads) {
      const floor = this.#reads.get(id);
      // §8: whatever was committed anywhere when it was asked may have been acknowledged
      if (index !== null && floor !== undefined && index < floor)
        throw new Mismatch(`${node.id}: a read at ${index} misses what was committed up to ${floor}`);
    }
    const messages = [...output.sendNow, ...output.sendAfter.map((s) => s.message)];
    const answers: string[] = [];
    for (const m of messages) {
      if (m.kind === 'append' || m.kind === 'heartbeat') this.#session(model, m.to, m.session);
      if (m.kind === 'heartbeat') model.asks(this.#now);
      if (m.kind === 'pre-vote') model.supported.set(model.id, this.#now);
      if (m.kind === 'pre-vote' && m.campaign !== model.campaign) {
        model.campaign = m.campaign;
        if (model.role === 'pre-candidate') model.askBeforeStanding();
      }
      if (m.kind === 'append-response') answers.push(`${m.kind} to ${m.to} ${m.accepted} ${m.index}`);
      if (m.kind === 'vote-response') answers.push(`${m.kind} to ${m.to} ${m.granted}`);
      if (m.kind === 'pre-vote-response') {
        const isFree =
          m.granted || (m.refusal === 'voted' && (!model.isVoteOnItsWay() || model.votedFor === m.to));
        if (isFree && !m.granted && !model.maySupportAnother(m.to, this.#now))
          throw new Mismatch(`${node.id} says no to ${m.to} for the sake of nobody`);
        if (m.granted) model.supported.set(m.to, this.#now);
        if (!m.granted || this.#late.get(model.id) !== m.to) answers.push(`${m.kind} to ${m.to} ${isFree}`);
      }
    }
    for (const s of output.snapshotsToSend) this.#session(model, s.peer, s.session);
    if (output.persist !== null) model.wrote(output.persist.token);
    else if (!model.isWritten()) throw new Mismatch(`${node.id} changed without writing it`);
    this.#same(node.id, 'disk and log', comparable(imageOf(node), node), comparable(model.image, node));
    this.#same(
      node.id,
      'answers',
      answers.sort().join(', '),
      (this.#expected.get(node.id) ?? []).sort().join(', '),
    );
    this.#expected.set(node.id, []);
    this.#late.delete(node.id);
    for (const m of output.sendNow) {
      const isPromise =
        m.kind === 'vote' ||
        (m.kind === 'vote-response' && m.granted) ||
        (m.kind === 'append-response' && m.accepted);
      if (isPromise && model.writesOut > 0)
        throw new Mismatch(`${node.id} sends ${m.kind} before its write is durable`);
    }
  }

  #session(model: RaftModel, to: string, session: number): void {
    const peer = model.peers.get(to);
    if (peer !== undefined) peer.session = session;
  }

  /** Between two steps a leader may make a voter of a learner. */
  #autoPromotion(model: RaftModel, node: SceneNode, output: RaftOutput): void {
    const added = output.persist?.entries.filter((e) => e.index > model.last.index) ?? [];
    const [entry] = added;
    if (entry === undefined || model.role !== 'leader') return;
    const { membership } = readLine(entry);
    const learner = model.membership.learners.find((l) =>
      membership?.voters.some((v) => v.nodeId === l.nodeId),
    );
    const wanted = learner === undefined ? null : changed(model, { kind: 'promote', nodeId: learner.nodeId });
    this.#same(node.id, 'promotion', JSON.stringify(membership), JSON.stringify(wanted));
    if (wanted !== null) model.changeMembership(wanted, this.#now);
  }

  #note(name: string): void {
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1);
  }

  #take(model: RaftModel, input: RaftInput, seen: { now: number; status: RaftStatus }): void {
    const { now, status } = seen;
    switch (input.kind) {
      case 'message': {
        const answer = onMessage(model, input.message, seen);
        if (answer !== null) this.#expected.get(model.id)?.push(answer);
        return;
      }
      case 'tick':
        onTick(model, seen);
        return;
      case 'propose': {
        const isTaken =
          status.last.index - model.last.index - membershipsAdded(model, status) === input.proposals.length;
        if (model.role === 'leader' && isTaken)
          model.append(input.proposals.map(() => ({ term: model.term, membership: null })));
        return;
      }
      case 'propose-membership': {
        const next = status.membershipIndex === model.last.index + 1 ? changed(model, input.change) : null;
        if (next === null) return;
        model.changeMembership(next, now);
        this.#note(input.change.kind);
        return;
      }
      case 'storage-ack':
        model.acknowledged(input.token);
        // whoever has the vote may be given the time to be elected by it
        if (model.votedFor !== null && !model.isVoteOnItsWay()) model.supported.set(model.votedFor, now);
        return;
      case 'environment': {
        // the floor that was measured, and never more than ten times the setting
        const floor = Math.max(10 * input.rttP99Ms, 3 * input.loopLagP99Ms);
        model.timeoutMs = Math.max(DEFAULT_TIMEOUT_MS, Math.min(floor, 10 * DEFAULT_TIMEOUT_MS));
        return;
      }
      case 'peer-hint':
        if (input.status === 'lost') onLeaderGone(model, input.peer, seen);
        else if (model.leaderId === input.peer) model.leaseVoid = false;
        return;
      case 'distress':
        model.isDistressed = model.role === 'leader';
        if (model.isDistressed && status.role !== 'leader') model.follow(model.term, null);
        return;
      case 'leave':
        model.isLeaving = true;
        if (status.role !== 'learner')
          model.follow(model.term, model.role === 'leader' ? null : model.leaderId);
        return;
      default: // reads, transfers, reports, snapshots made here: nothing of this moves term, log or commit
        return;
    }
  }

  #compare(model: RaftModel, status: RaftStatus, after: string): void {
    this.compared++;
    const role = status.role === 'learner' ? 'follower' : status.role;
    const { term, votedFor, leaderId, last, commitIndex, membership, membershipIndex } = status;
    const durable = model.durable();
    const core = { term, votedFor, role, leaderId, last, commit: commitIndex, membership, membershipIndex };
    const { index } = model.configs().at(-1) ?? { index: 0 };
    const own = { term: model.term, votedFor: model.votedFor, role: model.role, leaderId: model.leaderId };
    const { term: lastTerm, index: lastIndex } = model.last;
    const rest = { last: { term: lastTerm, index: lastIndex }, commit: model.commit };
    const wanted = { ...own, ...rest, membership: model.membership, membershipIndex: index };
    const position = { term: last.term, index: last.index };
    this.#same(
      status.nodeId,
      `state after ${after}`,
      JSON.stringify({ ...core, last: position, durable: durable === null ? null : status.durableIndex }),
      JSON.stringify({ ...wanted, durable }),
    );
  }

  #same(id: string, what: string, core: string, model: string): void {
    if (core !== model) throw new Mismatch(`${id}: ${what}\n core  ${core}\n model ${model}`);
  }
}

/** A membership entry that a leader added by itself in this step: 1, else 0. */
function membershipsAdded(model: RaftModel, status: RaftStatus): number {
  return status.membershipIndex > model.last.index ? 1 : 0;
}

function onTick(model: RaftModel, { now, status }: { now: number; status: RaftStatus }): void {
  if (model.role === 'leader') {
    const answersMs = model.timeoutMs - SCENE_SETTINGS.heartbeatIntervalMs;
    const mustGo = !model.hears(now - model.timeoutMs) && model.hasWaited(now, answersMs);
    if (mustGo || (model.isDistressed && status.role !== 'leader')) model.follow(model.term, null);
    return;
  }
  if (status.role === 'pre-candidate' && model.mayStand) {
    // whether an unanswered campaign begins anew shows in what is sent
    if (model.role !== 'pre-candidate') model.askBeforeStanding();
  } else if (status.role === 'candidate' && status.term === model.term + 1 && model.mayStand) {
    model.askBeforeStanding();
    if (model.isWon()) model.stand();
  } else if (!model.mayStand && status.leaderId === null) model.follow(model.term, null);
}

/** What the node's storage holds, durable or not. */
function imageOf({ storage }: SceneNode): Image {
  const { hardState, snapshot } = storage.initialState();
  const first = storage.firstIndex();
  const lines = (storage.entries(first, storage.lastIndex(), Number.MAX_SAFE_INTEGER) ?? []).map(readLine);
  const base = { index: first - 1, term: storage.term(first - 1) ?? 0 };
  const { membership, membershipIndex } = snapshot ?? {
    membership: emptyImage().baseMembership,
    membershipIndex: 0,
  };
  return { ...hardState, base, baseMembership: membership, baseMembershipIndex: membershipIndex, lines };
}

/** Hard state and the lines that the storage still holds, as text. */
function comparable(image: Image, { storage }: SceneNode): string {
  const from = storage.firstIndex();
  const lines = image.lines.slice(Math.max(0, from - 1 - image.base.index));
  return JSON.stringify({ term: image.term, votedFor: image.votedFor, from, lines });
}
