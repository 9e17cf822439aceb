/** What happened in a seed, as lines for people and as one hash: equal for equal seeds. */
import { createHash } from 'node:crypto';
import type { World } from './world.ts';

const LINES = 400;

export class Story {
  readonly #world: World;
  readonly #hash = createHash('sha256');
  #lines: string[] = [];
  restores = 0;
  campaigns = 0;
  elections = 0;

  constructor(world: World) {
    this.#world = world;
  }

  readonly say = (who: string, text: string): void => {
    const line = `${this.#world.now.toFixed(3).padStart(10)} ${who} ${text}`;
    this.#hash.update(line);
    if (text.startsWith('restores')) this.restores++;
    else if (text.startsWith('{"kind":"elected"')) this.elections++;
    else if (text.startsWith('{"kind":"campaign-started"')) this.campaigns++;
    this.#lines.push(line);
    if (this.#lines.length > LINES * 2) this.#lines = this.#lines.slice(-LINES);
  };

  /** The newest lines. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Ends the story with `last`. */
  digest(last: string): string {
    return this.#hash.update(last).digest('hex');
  }
}
