/**
 * Which cluster is on the screen: one session at a time, and going from one to another. The next one is made
 * before the one before it ends, so that a context that can't be used leaves the picture as it is.
 */
import { leftBehind } from './model/unsettled.ts';
import type { Session } from './session.ts';

/** A session of the named context; rejects when there is none to be had. */
export type OpenSession = (context: string) => Promise<Session>;

export class Stage {
  readonly #open: OpenSession | null;
  readonly #listeners = new Set<() => void>();
  #session: Session;
  #isEnded = false;

  /** `open` is null where there is one cluster only. */
  constructor(first: Session, open: OpenSession | null = null) {
    this.#session = first;
    this.#open = open;
  }

  get session(): Session {
    return this.#session;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** From now on the cluster of this context; a sentence on the screen when it can't be. */
  async go(context: string): Promise<void> {
    const before = this.#session;
    const refuse = (why: string): void =>
      before.dispatch({ type: 'told', text: `${context}: ${why}`, level: 'warning' });
    if (this.#open === null) return refuse('there is one cluster only');
    try {
      const next = await this.#open(context);
      // whoever quit, or chose another one meanwhile, does not want this one any more
      if (this.#isEnded || this.#session !== before) return next.stop();
      this.#session = next;
      next.start();
      next.dispatch({ type: 'said', said: before.model.said });
      for (const words of leftBehind(before.model)) next.dispatch({ type: 'unsettled', words });
      before.stop();
      for (const listener of this.#listeners) listener();
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
    }
  }

  stop(): void {
    this.#isEnded = true;
    this.#session.stop();
  }
}
