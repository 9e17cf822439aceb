/**
 * The engine room of the screen: asks the feed, folds what comes into the model with
 * `update`, carries out effects, and tells the painter that there is something new.
 * Keys are told at once, data at most ten times a second. It knows neither React nor
 * the terminal.
 */
import { checkAnswer } from './feed/check.ts';
import type { Desk } from './feed/desk.ts';
import type { Feed } from './feed/feed.ts';
import { pastOf } from './feed/past.ts';
import { type Question, questionKey } from './feed/slices.ts';
import type { EventLine } from './feed/wire.ts';
import { contextOf } from './keymap.ts';
import { acceptBurst } from './model/burst.ts';
import type { ChangeAct } from './model/change-plan.ts';
import { wanted } from './model/lists.ts';
import type { Effect, Message } from './model/messages.ts';
import type { Model } from './model/model.ts';
import { updateSafely } from './model/safely.ts';
import { isCounting, looksSame } from './model/selectors.ts';
import { failureOf, isFinal, retryMs, withTimeout } from './patience.ts';
import { Via } from './via.ts';

const COMMIT_MS = 100;
const TICK_MS = 1000;
/** So much later than its second a status may come before the clock goes on without it. */
const LATE_MS = 250;
/** While seconds without a leader or the steps of an action are counted on the screen. */
const FAST_TICK_MS = 100;
const FOLLOW_MS = 150;
const SLOW_POLL_MS = 5000;
/** No status within this: the node counts as lost, whatever the socket says. */
const STATUS_TIMEOUT_MS = 2500;
/** The questions of the view on the screen are asked again. */
const ASK_MS = 2000;
/** After an answer in which nodes named different leaders. */
const AGREE_MS = 600;

/** What only the owner of the terminal can do. */
export type TerminalEffect =
  | Extract<Effect, { kind: 'repaint' | 'suspend' | 'quit' | 'context' | 'copy' | 'json' | 'save' }>
  | EditEffect;

/** For the editor: `text` of `version`; or what `path` holds, onto `newest` where there is one. */
export interface EditEffect {
  readonly kind: 'edit';
  readonly dialogId: number;
  readonly version: number;
  readonly source: { readonly text: string } | { readonly path: string; readonly newest?: string };
}

interface Sleeper {
  readonly kickable: boolean;
  readonly wake: () => void;
}

export class Session {
  readonly #feed: Feed;
  readonly #desk: Desk | null;
  /** Questions under way. */
  readonly #open = new Set<string>();
  /** What the view wanted when it was asked last. */
  #wanted = '';
  readonly #stopped = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #following = new Set<string>();
  readonly #sleepers = new Set<Sleeper>();
  #model: Model;
  #onTerminal: (effect: TerminalEffect) => void = () => undefined;
  #commit: NodeJS.Timeout | null = null;
  #tick: NodeJS.Timeout | null = null;
  #isFast = false;
  /** Whose events are listened to. */
  #listened: { readonly observer: string | null; readonly end: AbortController } | null = null;
  #lastCommit = 0;
  readonly #via = new Via();
  #firstStatus: () => void = () => undefined;
  /** Resolves with the first picture, or when the first attempt has failed. */
  readonly ready: Promise<void>;

  /** Without a desk views say that they have nothing to ask. */
  constructor(feed: Feed, model: Model, desk: Desk | null = null) {
    this.#feed = feed;
    this.#desk = desk;
    this.#model = model;
    this.ready = new Promise((resolve) => {
      this.#firstStatus = resolve;
    });
  }

  get model(): Model {
    return this.#model;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onTerminal(handler: (effect: TerminalEffect) => void): void {
    this.#onTerminal = handler;
  }

  start(): void {
    void this.#statusLoop();
    void this.#eventLoop();
    void this.#slowLoop();
    void this.#askLoop();
    void this.ready.then(() => this.#askHistory());
    this.#nextTick();
  }

  stop(): void {
    this.#stopped.abort();
    if (this.#commit !== null) clearTimeout(this.#commit);
    if (this.#tick !== null) clearTimeout(this.#tick);
    this.#wake(true);
  }

  /** Keys of one read. A mixed burst outside of a text field is a paste in disguise and is dropped. */
  keys(names: readonly string[]): void {
    const context = contextOf(this.#model);
    if ((context === 'main' || context === 'overlay') && !acceptBurst(names)) return;
    for (const name of names) {
      this.#apply({ type: 'key', key: { name, burst: names.length }, mono: performance.now() });
    }
    this.#notify();
  }

  paste(text: string): void {
    this.#apply({ type: 'paste', text, mono: performance.now() });
    this.#notify();
  }

  /** Something of the world; shown with the next commit. */
  dispatch(message: Message): void {
    const before = this.#model;
    this.#apply(message);
    if (looksSame(before, this.#model)) return;
    if (this.#commit !== null || this.#stopped.signal.aborted) return;
    const wait = Math.max(0, COMMIT_MS - (performance.now() - this.#lastCommit));
    this.#commit = setTimeout(() => this.#notify(), wait);
  }

  #apply(message: Message): void {
    const [model, effects] = updateSafely(this.#model, message);
    this.#model = model;
    for (const effect of effects) this.#perform(effect);
    if (this.#tick !== null && !this.#isFast && isCounting(model)) {
      clearTimeout(this.#tick);
      this.#nextTick();
    }
    const now = wanted(model).map(questionKey).join('|');
    if (now === this.#wanted) return;
    this.#wanted = now;
    this.#ask();
  }

  /** Asks what the view wants answered, but nothing twice at a time. */
  #ask(): void {
    for (const question of wanted(this.#model)) void this.#askOne(question);
  }

  async #askOne(question: Question): Promise<void> {
    const key = questionKey(question);
    if (this.#desk === null || this.#open.has(key) || this.#stopped.signal.aborted) return;
    this.#open.add(key);
    try {
      const value = checkAnswer(question.slice, await this.#desk.read(question, this.#model.observer));
      this.dispatch({ type: 'answer', question, value, now: this.#feed.wall() });
    } catch (error) {
      this.dispatch({ type: 'no-answer', question, failure: failureOf(error), now: this.#feed.wall() });
    } finally {
      this.#open.delete(key);
    }
  }

  async #askLoop(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#sleep(ASK_MS, false);
      this.#ask();
    }
  }

  #notify(): void {
    if (this.#commit !== null) clearTimeout(this.#commit);
    this.#commit = null;
    this.#lastCommit = performance.now();
    for (const listener of this.#listeners) listener();
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'plan':
        void this.#feed.plan(effect.request).then(
          (plan) =>
            this.dispatch({ type: 'planned', dialogId: effect.dialogId, plan, mono: performance.now() }),
          (error) => this.dispatch({ type: 'refused', dialogId: effect.dialogId, failure: failureOf(error) }),
        );
        return;
      case 'run':
        void this.#feed.run(effect.request).then(
          (operation) => this.dispatch({ type: 'started', dialogId: effect.dialogId, operation }),
          (error) => this.dispatch({ type: 'refused', dialogId: effect.dialogId, failure: failureOf(error) }),
        );
        return;
      case 'follow':
        void this.#follow(effect.id);
        return;
      case 'refresh':
        this.#wake(false);
        // another observer: its own events, alerts and views from now on
        if (this.#listened !== null && this.#listened.observer !== effect.observer) {
          this.#listened.end.abort();
          if (!this.#feed.pushes) this.dispatch({ type: 'other-observer' });
          this.#ask();
          void this.#askAlerts();
          void this.#askViews();
        }
        return;
      case 'ask':
        this.#ask();
        void this.#askAlerts();
        return;
      case 'preflight':
        this.#settle({ dialogId: effect.dialogId }, this.#desk?.preflight(effect.act), (plan) => ({
          ...{ type: 'preflight', dialogId: effect.dialogId, plan, mono: performance.now() },
        }));
        return;
      case 'act':
        this.#settle(
          { dialogId: effect.dialogId, act: effect.request.act },
          this.#desk?.act(effect.request),
          (result) => ({ type: 'acted', dialogId: effect.dialogId, result }),
        );
        return;
      case 'edit':
        void this.#edit(effect);
        return;
      case 'repaint':
      case 'suspend':
      case 'context':
      case 'copy':
      case 'json':
      case 'save':
      case 'quit':
        this.#onTerminal(effect);
    }
  }

  /** What is in force, or what was written before, for the person's editor. */
  async #edit({ dialogId, before }: Extract<Effect, { kind: 'edit' }>): Promise<void> {
    try {
      if (before !== null && !before.outdated) {
        const { path, version } = before;
        return this.#onTerminal({ kind: 'edit', dialogId, version, source: { path } });
      }
      const read = await this.#desk?.read({ slice: 'text', arg: '' });
      const { version, text } = checkAnswer('text', read);
      const source = before === null ? { text } : { path: before.path, newest: text };
      this.#onTerminal({ kind: 'edit', dialogId, version, source });
    } catch (error) {
      this.dispatch({ type: 'change-refused', dialogId, failure: failureOf(error) });
    }
  }

  /** The answer of the desk as a message, or its refusal. */
  #settle<T>(
    { dialogId, ...sent }: { readonly dialogId: number; readonly act?: ChangeAct },
    work: Promise<T> | undefined,
    told: (value: T) => Message,
  ): void {
    void work?.then(
      (value) => this.dispatch(told(value)),
      (error) => this.dispatch({ type: 'change-refused', dialogId, ...sent, failure: failureOf(error) }),
    );
  }

  /** Asks for an operation until it has ended; a lost connection only means asking again. */
  async #follow(id: string): Promise<void> {
    if (this.#following.has(id)) return;
    this.#following.add(id);
    for (let failures = 0; !this.#stopped.signal.aborted; ) {
      await this.#sleep(FOLLOW_MS);
      try {
        const operation = await this.#feed.operation(id);
        this.dispatch({ type: 'operation', operation });
        if (operation.state !== 'running') break;
        failures = 0;
      } catch (error) {
        if (isFinal(error)) this.dispatch({ type: 'unfollowed', id, failure: failureOf(error) });
        if (isFinal(error)) break;
        failures++;
        await this.#sleep(retryMs(failures));
      }
    }
    this.#following.delete(id);
  }

  async #statusLoop(): Promise<void> {
    for (let failures = 0; !this.#stopped.signal.aborted; ) {
      try {
        const asked = this.#feed.status(this.#model.observer);
        const status = await (this.#feed.pushes ? asked : withTimeout(asked, STATUS_TIMEOUT_MS));
        failures = 0;
        this.#beat();
        const { isOther, isLedElsewhere } = this.#via.heard(status);
        if (isOther) this.#resumeEvents();
        this.dispatch({ type: 'status', status, now: this.#feed.wall() });
        this.#firstStatus();
        // whoever is looked through on purpose is asked at its pace, whoever leads
        const isEarly = isLedElsewhere && this.#model.observer === null;
        if (!this.#feed.pushes && !isEarly) await this.#sleep(this.#model.refreshMs);
      } catch (error) {
        failures++;
        this.dispatch({ type: 'lost', failure: failureOf(error), now: this.#feed.wall() });
        this.#firstStatus();
        await this.#sleep(retryMs(failures));
      }
    }
  }

  /**
   * Another node answers than before: the one that was asked may stand still, and its stream of events would
   * be silent for as long as nobody gives it up. It goes on behind the last event, where answers come from.
   */
  #resumeEvents(): void {
    // whoever is looked through was turned to on purpose, and its events with it
    if (!this.#feed.pushes && this.#model.observer === null) this.#listened?.end.abort();
  }

  /** All events the node still has, then live; resumed behind the last cursor after a loss. */
  async #eventLoop(): Promise<void> {
    let after: string | undefined = this.#feed.pushes ? undefined : '0';
    for (let failures = 0; !this.#stopped.signal.aborted; failures++) {
      try {
        const { observer } = this.#model;
        // what the node before told is gone from the list: this one tells all that it still has
        if (this.#listened !== null && this.#listened.observer !== observer && !this.#feed.pushes)
          after = '0';
        this.#listened = { observer, end: new AbortController() };
        const { signal } = this.#listened.end;
        const ends = AbortSignal.any([this.#stopped.signal, signal]);
        for await (const event of this.#feed.events(after, ends, observer)) {
          if (signal.aborted) break;
          after = event.cursor;
          failures = 0;
          this.#takeEvent(event);
        }
      } catch {
        // the status loop says that the connection is lost; here it is only resumed
      }
      await this.#sleep(retryMs(failures + 1));
    }
  }

  #takeEvent(event: EventLine): void {
    this.dispatch({ type: 'events', events: [event], now: this.#feed.wall() });
    if (event.kind.startsWith('alert-')) void this.#askAlerts();
    if (event.kind === 'leader-elected') void this.#askViews();
    if (!this.#feed.pushes && /^(alert|silence|config|operation)-/.test(event.kind)) this.#ask();
    // what changes the table is asked for at once, not at the next second
    if (!this.#feed.pushes && /^(leader|node|membership|maintenance|member|partition)-/.test(event.kind))
      this.#wake(false);
  }

  /** The hour before this screen was opened. */
  async #askHistory(): Promise<void> {
    try {
      const nodes = this.#model.picture.status?.nodes.length ?? 1;
      for await (const history of pastOf(this.#feed, nodes)) this.dispatch({ type: 'history', history });
    } catch {
      // charts then begin empty
    }
  }

  async #askAlerts(): Promise<void> {
    try {
      this.dispatch({ type: 'alerts', alerts: await this.#feed.alerts(this.#model.observer) });
    } catch (error) {
      this.dispatch({ type: 'unheard', what: 'alerts', failure: failureOf(error) });
    }
  }

  async #askViews(): Promise<void> {
    try {
      this.dispatch({ type: 'views', views: await this.#feed.views(this.#model.observer) });
      // an election may have been under way: what is said of it is asked once more, soon
      if (this.#model.picture.splits === 1 && !this.#feed.pushes) {
        await this.#sleep(AGREE_MS, false);
        this.dispatch({ type: 'views', views: await this.#feed.views(this.#model.observer) });
      }
    } catch (error) {
      this.dispatch({ type: 'unheard', what: 'views', failure: failureOf(error) });
    }
  }

  async #slowLoop(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#askAlerts();
      await this.#askViews();
      await this.#sleep(SLOW_POLL_MS, false);
    }
  }

  /** `kickable`: a refresh wakes it early. */
  #sleep(ms: number, kickable = true): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        kickable,
        wake: () => {
          clearTimeout(timer);
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      const timer = setTimeout(() => sleeper.wake(), ms);
      this.#sleepers.add(sleeper);
    });
  }

  /** Wakes who waits for the next round: all at the end, else those that a refresh concerns. */
  #wake(all: boolean): void {
    for (const sleeper of [...this.#sleepers]) if (all || sleeper.kickable) sleeper.wake();
  }

  /** The clock goes on with a status, and waits for the next one: one painting a second instead of two. */
  #beat(): void {
    if (this.#tick === null) return;
    clearTimeout(this.#tick);
    this.#tickNow();
    this.#nextTick(LATE_MS);
  }

  #tickNow(): void {
    this.dispatch({ type: 'tick', now: this.#feed.wall(), mono: performance.now() });
  }

  #nextTick(lateMs = 0): void {
    this.#isFast = isCounting(this.#model);
    this.#tick = setTimeout(
      () => {
        this.#tickNow();
        this.#nextTick();
      },
      this.#isFast ? FAST_TICK_MS : TICK_MS + lateMs,
    );
  }
}
