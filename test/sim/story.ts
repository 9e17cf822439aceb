/** What happened in a seed, as lines for people and as one hash: equal for equal seeds. */
import { createHash } from 'node:crypto';
import type { Membership, RaftEvent, RaftMember } from '../../src/raft/index.ts';
import type { World } from './world.ts';

const LINES = 400;
/** So many characters are hashed at once: a call for each line costs more than its hash. */
const PIECE = 8192;

const names = (members: readonly RaftMember[]): string => members.map((m) => m.instanceId.slice(2)).join(' ');

function membershipText({ voters, outgoing, learners, learnersNext }: Membership): string {
  const joint = outgoing.length > 0 ? ` and of ${names(outgoing)}` : '';
  const others = [...learners, ...learnersNext];
  return `voters ${names(voters)}${joint}${others.length > 0 ? `, learners ${names(others)}` : ''}`;
}

/** An event of the core as a line: its kind, then what it says. */
export function eventText(event: RaftEvent): string {
  if (event.kind === 'membership-changed') {
    const { membership, index, committed } = event;
    return `membership of ${index}${committed ? ', committed' : ''}: ${membershipText(membership)}`;
  }
  let fields = '';
  for (const name in event) {
    if (name === 'kind') continue;
    fields += `${fields === '' ? '' : ', '}${name} ${shown(event[name as keyof RaftEvent])}`;
  }
  return `${event.kind} ${fields}`;
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000);
  return Array.isArray(value) ? value.join(' ') : String(value);
}

export class Story {
  readonly #world: World;
  readonly #hash = createHash('sha256');
  /** What is not hashed yet. */
  #piece = '';
  #lines: string[] = [];
  restores = 0;
  campaigns = 0;
  elections = 0;

  constructor(world: World) {
    this.#world = world;
  }

  readonly say = (who: string, text: string): void => {
    const line = `${this.#world.now.toFixed(3).padStart(10)} ${who} ${text}`;
    this.#piece += line;
    if (this.#piece.length > PIECE) this.#hashPiece();
    if (text.startsWith('restores')) this.restores++;
    else if (text.startsWith('elected')) this.elections++;
    else if (text.startsWith('campaign-started')) this.campaigns++;
    this.#lines.push(line);
    if (this.#lines.length > LINES * 2) this.#lines = this.#lines.slice(-LINES);
  };

  /** The newest lines. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Ends the story with `last`. */
  digest(last: string): string {
    this.#hashPiece();
    return this.#hash.update(last).digest('hex');
  }

  #hashPiece(): void {
    this.#hash.update(this.#piece);
    this.#piece = '';
  }
}
