/**
 * A main thread that takes nothing: where it stands is told while it stands there, on stderr, for it may
 * never write again; and once more in the log when it is back. One that runs away ends its node with that.
 */
import type { Duration } from '../src/base/index.ts';
import { MAIN_STANDS_MS } from './distress.ts';
import { failStop, lastWords } from './fail-stop.ts';
import type { MainPort } from './main-port.ts';
import { lookAtMain, type MainStand } from './main-stack.ts';

/** A thread with a twentieth of a processor has answered after 300 ms. */
const LOOK_BOUND_MS = 2000;

export class MainStall {
  readonly #main: Pick<MainPort, 'log'>;
  /** Of this stall; null = it is none yet. */
  #stand: Promise<MainStand> | null = null;
  #silentMs: Duration = 0;
  #isEnding = false;

  constructor(main: Pick<MainPort, 'log'>) {
    this.#main = main;
  }

  /** Called once a second; `runaway` is why the node has to end, or null. */
  observe(silentMs: Duration, runaway: string | null): void {
    if (silentMs === 0) this.#isOver();
    this.#silentMs = silentMs;
    if (silentMs > MAIN_STANDS_MS) this.#stand ??= this.#tell(silentMs);
    if (runaway === null || this.#isEnding) return;
    this.#isEnding = true;
    void this.#end(runaway);
  }

  #isOver(): void {
    const silentMs = Math.round(this.#silentMs);
    void this.#stand?.then((stand) => this.#main.log('warn', 'main-thread-stood', { silentMs, ...stand }));
    this.#stand = null;
  }

  async #tell(silentMs: Duration): Promise<MainStand> {
    const stand = await lookAtMain(LOOK_BOUND_MS);
    lastWords('WARN', 'main-thread-stands', { silentMs: Math.round(silentMs), ...stand });
    return stand;
  }

  async #end(runaway: string): Promise<never> {
    const { stack, memory, handles, thread } = await lookAtMain(LOOK_BOUND_MS);
    return failStop('consensus', `${runaway}; it stands at ${stack} (${memory}; ${handles}; ${thread})`);
  }
}
