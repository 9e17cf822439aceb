/**
 * The consensus worker's inside: puts the WAL, the peer connections and the turn loop
 * together and carries what the turn loop says to the two other threads. There is no
 * protocol in here: what is decided is decided in src/raft.
 */
import { join } from 'node:path';
import { type NodeClaim, type NodeRoster, nodeRefusal } from '../src/auth/index.ts';
import type { LogIndex, LogLevel, Term } from '../src/base/index.ts';
import type { RaftInput, RaftMessage, RaftStore, RaftTransport } from '../src/raft/index.ts';
import {
  decodeMessages,
  encodeEntries,
  encodeMessages,
  findMember,
  membersOf,
  TurnLoop,
} from '../src/raft/index.ts';
import { PeerTransport } from '../src/rpc/index.ts';
import type { DurableStorage, SnapshotManager } from '../src/wal/index.ts';
import { beats } from './beats.ts';
import { systemRandom } from './chance.ts';
import { ConsensusPeers } from './consensus-peers.ts';
import { Denials } from './denials.ts';
import { failStop } from './fail-stop.ts';
import { MainPort } from './main-port.ts';
import { Measures } from './measures.ts';
import { packDigest, unpackDigest } from './packed-digest.ts';
import { unpackProposals } from './packed-proposals.ts';
import { payloadGroups } from './payload-groups.ts';
import { wordRefusal } from './peer-words.ts';
import { type ElectionEvent, PreVotes } from './pre-votes.ts';
import type {
  ConsensusToMain,
  ConsensusToState,
  ConsensusWorkerData,
  MainToConsensus,
  StateToConsensus,
} from './protocol.ts';
import { SnapshotTransfer } from './snapshot-transfer.ts';
import { Surroundings } from './surroundings.ts';
import { systemClock } from './system-clock.ts';
import { VitalSigns } from './vital-signs.ts';

/** First byte of a peer payload; a digest's is 2. */
const PAYLOAD_RAFT = 1;

/** While the log moves, main hears of it this often; at rest at every third turn of this clock. */
const STATUS_INTERVAL_MS = 200;
const STATUS_AT_REST_TURNS = 3;
const SURROUNDINGS_INTERVAL_MS = 1000;
/** Time for the last words to the peers. */
const GOODBYE_MS = 20;
type Fields = Record<string, string | number | boolean | null>;

export class ConsensusHost {
  readonly #data: ConsensusWorkerData;
  readonly #storage: DurableStorage;
  readonly #peers: PeerTransport;
  /** Who of the members is connected to. */
  readonly #dialled: ConsensusPeers;
  readonly #loop: TurnLoop;
  readonly #snapshots: SnapshotTransfer;
  readonly #surroundings: Surroundings;
  readonly #measures = new Measures();
  /** Log index → term and id of a proposal made here, until the entry at that index is applied. */
  readonly #proposed = new Map<LogIndex, { readonly term: Term; readonly id: number }>();
  #applied: ((index: LogIndex) => void) | null = null;
  #restored: ((index: LogIndex) => void) | null = null;
  #looks: (() => void)[] = [];
  readonly #main: MainPort;
  readonly #vitals: VitalSigns;
  #restoring = false;
  /** Where the log stood at the last report, and turns of the clock since it moved. */
  #reported = '';
  #turnsAtRest = 0;
  #leading = false;
  #leader: string | null = null;
  /** From the record; null before there is one. */
  #roster: NodeRoster | null = null;
  /** Of the Raft group. */
  #members: ReadonlySet<string> = new Set();
  readonly #preVotes = new PreVotes();
  readonly #denials = new Denials((denial) => this.#log('warn', 'peer-denied', { ...denial }));

  /** `data.appliedIndex` and the log have been brought together (open-log.ts). */
  constructor(data: ConsensusWorkerData, storage: DurableStorage, snapshots: SnapshotManager) {
    this.#data = data;
    const { facts } = data;
    this.#main = new MainPort(data.main, () => this.#statusNow());
    this.#storage = storage;
    this.#storage.onFailure((reason) => failStop('wal', reason));
    this.#surroundings = new Surroundings(data.settings.electionTimeoutMs);
    this.#peers = this.#makePeers();
    this.#dialled = new ConsensusPeers(facts.nodeId, this.#peers, data.knownPeers);
    this.#snapshots = new SnapshotTransfer({
      snapshots,
      nodeId: facts.nodeId,
      instanceId: facts.instanceId,
      peers: this.#peers,
      submit: (input) => this.#submit(input),
      makeAnother: () => this.#state({ kind: 'snapshot' }),
      log: (level, event, fields) => this.#log(level, event, fields),
    });
    this.#loop = new TurnLoop({
      nodeId: facts.nodeId,
      instanceId: facts.instanceId,
      settings: data.settings,
      storage: this.#surroundings.timed(this.#storage),
      transport: this.#transport(),
      store: this.#store(),
      clock: systemClock,
      random: systemRandom(),
      schedule: (fn) => setImmediate(fn),
      listener: {
        proposals: (results) => {
          const refused = results.filter((r) => r.kind === 'refused');
          for (const r of results)
            if (r.kind === 'accepted')
              this.#proposed.set(r.position.index, { term: r.position.term, id: r.id });
          if (refused.length > 0) this.#main.post({ kind: 'refusals', results: refused });
        },
        reads: (results) => this.#main.post({ kind: 'reads', results }),
        events: (events) => this.#onEvents(events),
        fatal: (reason) => failStop('raft', reason),
      },
    });
    this.#vitals = new VitalSigns({
      ...{ surroundings: this.#surroundings, measures: this.#measures, peers: this.#peers },
      ...{ loop: this.#loop, main: this.#main, submit: (input) => this.#submit(input) },
    });
  }

  #makePeers(): PeerTransport {
    const { facts } = this.#data;
    return new PeerTransport({
      ...{ clusterId: facts.clusterId, nodeId: facts.nodeId, instanceId: facts.instanceId },
      pkiDir: join(facts.dataDir, 'pki'),
      listen: { host: this.#data.host, port: this.#data.peerPort },
      address: () => findMember(this.#loop.marks().membership, facts.nodeId)?.address ?? null,
      purposes: ['control', 'bulk'],
      listener: {
        payload: (_peer, _purpose, bytes, claim) => this.#onPayload(claim, bytes),
        called: (peer) => this.#dialled.called(peer),
        unreachable: (peer) => this.#submit({ kind: 'unreachable', peer }),
        lost: (peer) => this.#onPeer(peer, 'lost'),
        dead: (peer) => this.#onPeer(peer, 'dead'),
        restored: (peer) => this.#onPeer(peer, 'restored'),
        bulk: (peer, header, stream, claim) => {
          if (this.#hears(claim, { from: peer, kind: 'snapshot', term: 0 }))
            this.#snapshots.receive(peer, header, stream);
          else stream.destroy();
        },
        log: (level, event, fields) => this.#onPeerLog(level, event, fields),
      },
      refusal: (claim) => nodeRefusal(this.#roster, claim),
    });
  }

  /** Listens for peers, then starts the turn loop. */
  async start(): Promise<void> {
    this.#data.main.on('message', (message: MainToConsensus) => this.#onMain(message));
    this.#data.state.on('message', (message: StateToConsensus) => this.#onState(message));
    await this.#peers.start();
    this.#loop.start();
    this.#followMembership();
    this.#looks.push(beats.every(STATUS_INTERVAL_MS, () => this.#reportIfNews()));
    this.#looks.push(beats.every(SURROUNDINGS_INTERVAL_MS, () => this.#look()));
    this.#main.status();
    this.#main.post({ kind: 'ready' });
  }

  /** A peer's message may be lost to a full queue, as on a bad network; what this node says may not. */
  #submit(input: RaftInput): void {
    this.#surroundings.traffic.met(input);
    if (input.kind === 'message') this.#loop.submit(input);
    else this.#loop.insert(input);
  }

  #transport(): RaftTransport {
    return {
      send: (messages) => this.#send(messages),
      sendSnapshot: (peer, meta, term, session) => this.#snapshots.send(peer, meta, term, session),
    };
  }

  /** Few payloads a peer and purpose: entries travel in bulk, so that no heartbeat waits behind them. */
  #send(messages: readonly RaftMessage[]): void {
    this.#surroundings.traffic.spoke(messages);
    this.#measures.sent(messages, systemClock.now());
    for (const { peer, purpose, group } of payloadGroups(messages)) {
      const body = encodeMessages(group);
      const payload = new Uint8Array(body.length + 1);
      payload[0] = PAYLOAD_RAFT;
      payload.set(body, 1);
      this.#peers.send(peer, purpose, payload);
    }
    this.#tell(this.#preVotes.answersIn(messages));
  }

  #onPayload(claim: NodeClaim, bytes: Uint8Array): void {
    const peer = claim.nodeId;
    if (bytes[0] === PAYLOAD_RAFT) {
      // a copy: entries stay in the log's cache, and a view of them holds all that was read with them
      const decoded = decodeMessages(Uint8Array.prototype.slice.call(bytes, 1));
      if (!decoded.ok) {
        this.#log('warn', 'peer-message-refused', { peer, reason: decoded.reason });
        this.#peers.disconnect(peer);
        return;
      }
      this.#surroundings.traffic.spoke(decoded.value);
      for (const message of decoded.value) {
        if (!this.#hears(claim, message)) continue;
        this.#measures.heard(message, systemClock.now());
        this.#preVotes.heard(message);
        this.#submit({ kind: 'message', message });
      }
      return;
    }
    const told = unpackDigest(bytes);
    if (told !== null && this.#hears(claim, { from: peer, kind: 'heartbeat-response', term: 0 }))
      this.#state({ kind: 'compare', peer, ...told });
  }

  #hears(claim: NodeClaim, message: Pick<RaftMessage, 'from' | 'kind' | 'term'>): boolean {
    const hearing = {
      ...{ roster: this.#roster, members: this.#members, leaderId: this.#leader },
      term: () => this.#loop.marks().term,
    };
    const reason = wordRefusal(hearing, claim, message);
    if (reason !== null)
      this.#denials.note({ who: `node ${claim.nodeId}`, from: '' }, reason, systemClock.now());
    return reason === null;
  }

  /** Refusals at the door come as often as strangers like: they are counted. */
  #onPeerLog(level: LogLevel, event: string, fields: Fields): void {
    if (event !== 'peer-refused') return this.#log(level, event, fields);
    const { address, reason } = fields;
    this.#denials.note({ who: 'nobody', from: `${address}` }, `${reason}`, systemClock.now());
  }

  #store(): RaftStore {
    return {
      appliedIndex: () => this.#data.appliedIndex,
      apply: (entries, applied) => {
        this.#applied = applied;
        const tags: number[] = [];
        const overwritten: number[] = [];
        for (const entry of entries) {
          const mine = this.#proposed.get(entry.index);
          if (mine === undefined) continue;
          this.#proposed.delete(entry.index);
          if (mine.term === entry.term) tags.push(entry.index, mine.id);
          else overwritten.push(mine.id);
        }
        if (overwritten.length > 0) this.#main.post({ kind: 'overwritten', ids: overwritten });
        const packed = encodeEntries(entries);
        this.#data.state.postMessage({ kind: 'apply', packed, tags } satisfies ConsensusToState, [
          packed.buffer as ArrayBuffer,
        ]);
      },
      restore: (meta, done) => {
        this.#restored = done;
        this.#restoring = true;
        // what was proposed below the snapshot is in it or not: its callers wait for their deadline
        for (const index of this.#proposed.keys()) if (index <= meta.index) this.#proposed.delete(index);
        this.#state({ kind: 'restore', meta });
      },
    };
  }

  #onState(message: StateToConsensus): void {
    switch (message.kind) {
      case 'applied':
        return this.#applied?.(message.index);
      case 'restored':
        this.#restoring = false;
        return this.#restored?.(message.index);
      case 'snapshot-made':
        return this.#submit({ kind: 'snapshot-made', meta: message.meta });
      case 'digest':
        return this.#sendDigest(message.index, message.digest);
    }
  }

  /** A follower tells the leader what its state came to at an index; the leader's state worker compares. */
  #sendDigest(index: LogIndex, digest: number): void {
    if (this.#leading || this.#leader === null) return;
    this.#peers.send(this.#leader, 'control', packDigest({ index, digest }));
  }

  #onMain(message: MainToConsensus): void {
    switch (message.kind) {
      case 'propose': {
        const timestamp = systemClock.wall();
        return this.#submit({
          kind: 'propose',
          proposals: unpackProposals(message.packed).map((p) => ({ ...p, timestamp })),
        });
      }
      case 'read-index':
        for (const id of message.ids) this.#submit({ kind: 'read-index', id });
        return;
      case 'membership': {
        const { id, change, expectedMembershipIndex } = message;
        return this.#submit({
          kind: 'propose-membership',
          id,
          change,
          expectedMembershipIndex,
          timestamp: systemClock.wall(),
        });
      }
      case 'transfer':
        return this.#submit({ kind: 'transfer', id: message.id, to: message.to });
      case 'settings':
        this.#surroundings.electionTimeoutMs = message.settings.electionTimeoutMs;
        return this.#submit({ kind: 'settings', settings: message.settings });
      case 'restraint':
        return this.#vitals.restrain(message.restraint);
      case 'roster':
        this.#roster = message.roster;
        return this.#peers.review();
      case 'certificates':
        return this.#reloadCertificates();
      case 'peer-hint':
        return this.#submit({ kind: 'peer-hint', peer: message.peer, status: message.status });
      case 'hear':
        return this.#data.main.postMessage({ kind: 'heard', upTo: message.upTo } satisfies ConsensusToMain);
      case 'heard':
        return this.#main.heard(message.upTo);
      case 'stop':
        void this.#stop();
    }
  }

  /** What can't be read now is read at the next renewal, long before the old certificate ends. */
  #reloadCertificates(): void {
    try {
      this.#peers.reload();
    } catch (error) {
      this.#log('error', 'reload-failed', { error: (error as Error).message });
    }
  }

  #onPeer(peer: string, status: 'lost' | 'dead' | 'restored'): void {
    if (status !== 'dead') this.#submit({ kind: 'peer-hint', peer, status });
    this.#main.post({ kind: 'peer', peer, status });
  }

  #onEvents(events: Parameters<ConstructorParameters<typeof TurnLoop>[0]['listener']['events']>[0]): void {
    for (const event of events) {
      if (event.kind === 'role-changed') this.#leading = event.role === 'leader';
      if (event.kind === 'leader-changed') this.#leader = event.leaderId;
      if (event.kind === 'leader-changed' && event.leaderId !== null) this.#preVotes.over();
      if (event.kind === 'membership-changed' || event.kind === 'role-changed') this.#followMembership();
    }
    // most batches hold no change of leader, and what a look costs is little
    this.#measures.look(this.#loop.status(), systemClock.now());
    this.#tell(events);
    this.#main.status();
  }

  #tell(events: readonly ElectionEvent[]): void {
    if (events.length === 0) return;
    const at = systemClock.wall();
    this.#main.post({ kind: 'events', events: events.map((event) => ({ at, event })) });
  }

  /** Connects to whom it has something to say; before the first membership, to the seeds of the join. */
  #followMembership(): void {
    const { membership } = this.#loop.marks();
    this.#members = new Set(membersOf(membership).map((m) => m.nodeId));
    this.#dialled.follow(membership, this.#leading);
  }

  #look(): void {
    this.#denials.flush(systemClock.now());
    this.#vitals.look(this.#leading, this.#restoring);
  }

  #reportIfNews(): void {
    const { commitIndex, appliedIndex, last } = this.#loop.marks();
    const moved = `${commitIndex} ${appliedIndex} ${last.index}`;
    this.#turnsAtRest = moved === this.#reported ? this.#turnsAtRest + 1 : 0;
    this.#reported = moved;
    if (this.#turnsAtRest % STATUS_AT_REST_TURNS === 0) this.#main.status();
  }

  #statusNow(): Extract<ConsensusToMain, { kind: 'status' }> {
    return {
      kind: 'status',
      status: this.#loop.status(),
      links: this.#peers.links(),
      diskLatencyMs: this.#surroundings.diskLatencyMs,
      loopLagMs: this.#surroundings.loopLagMs,
      traffic: this.#surroundings.traffic.counts,
    };
  }

  async #stop(): Promise<void> {
    for (const stop of this.#looks) stop();
    this.#dialled.stop();
    this.#submit({ kind: 'leave' });
    await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
    this.#loop.stop();
    await this.#peers.stop();
    this.#storage.close();
    this.#main.post({ kind: 'stopped' });
  }

  #state(message: ConsensusToState): void {
    this.#data.state.postMessage(message);
  }

  #log(level: LogLevel, event: string, fields: Fields = {}): void {
    this.#main.log(level, event, fields);
  }
}
