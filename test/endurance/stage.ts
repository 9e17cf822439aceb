/**
 * What a scenario plays on: it notes figures, says what must hold, and has everything taken away at its
 * end. A claim that does not hold is noted and the scenario goes on, so that one run tells all that is wrong;
 * what was never claimed does not count as passed.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { assert } from '../../src/base/index.ts';

export interface Claim {
  readonly what: string;
  readonly ok: boolean;
  /** The figure that decided. */
  readonly found: string;
}

export interface Report {
  readonly scenario: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Why it was not played here; null when it was. */
  readonly skipped: string | null;
  readonly figures: Readonly<Record<string, unknown>>;
  readonly claims: readonly Claim[];
  readonly error: string | null;
}

export interface Scenario {
  readonly name: string;
  /** One line: the fault, and what must happen. */
  readonly about: string;
  /** How long it may take; without it five minutes, and an endurance run gets its minutes on top. */
  readonly limitMs?: number;
  /** Why it can't be played on this machine, or null. */
  readonly missing: () => string | null;
  readonly play: (stage: Stage) => Promise<void>;
}

export interface StageOptions {
  /** How long an endurance run lasts; scenarios of single faults have lengths of their own. */
  readonly minutes: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

export class Stage {
  readonly minutes: number;
  readonly seed: number;
  readonly say: (text: string) => void;
  readonly figures: Record<string, unknown> = {};
  readonly claims: Claim[] = [];
  readonly #cleanups: (() => unknown)[] = [];

  constructor(options: StageOptions) {
    this.minutes = options.minutes;
    this.seed = options.seed;
    this.say = options.say;
  }

  note(name: string, value: unknown): void {
    this.figures[name] = value;
    this.say(`  ${name}: ${JSON.stringify(value)}`);
  }

  claim(what: string, ok: boolean, found: unknown): void {
    const claim = { what, ok, found: typeof found === 'string' ? found : JSON.stringify(found) };
    this.claims.push(claim);
    this.say(`  ${ok ? 'ok    ' : 'FAILED'} ${what}: ${claim.found}`);
  }

  /** A figure that must not be above a limit; null (nothing measured) fails. */
  atMost(what: string, found: number | null, limit: number): void {
    this.claim(`${what} ≤ ${limit}`, found !== null && found <= limit, round(found));
  }

  atLeast(what: string, found: number | null, limit: number): void {
    this.claim(`${what} ≥ ${limit}`, found !== null && found >= limit, round(found));
  }

  equal(what: string, found: unknown, wanted: unknown): void {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    this.claim(`${what} = ${b}`, a === b, a ?? 'nothing');
  }

  /** Runs at the end, the last one first, also when the scenario fails. */
  onEnd(work: () => unknown): void {
    this.#cleanups.push(work);
  }

  /** The same, and also when the process is told to end early; at once, and once. */
  onAnyEnd(work: () => void): void {
    process.once('exit', work);
    this.onEnd(() => {
      process.off('exit', work);
      work();
    });
  }

  temporary(): string {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-endurance-'));
    this.onAnyEnd(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }

  async clear(): Promise<void> {
    for (let work = this.#cleanups.pop(); work !== undefined; work = this.#cleanups.pop()) await work();
  }
}

export function round(value: number | null, digits = 1): number | null {
  return value === null ? null : Math.round(value * 10 ** digits) / 10 ** digits;
}

/** Plays one scenario to its report; everything it made is gone then. */
export async function play(scenario: Scenario, options: StageOptions): Promise<Report> {
  const stage = new Stage(options);
  const began = performance.now();
  const skipped = scenario.missing();
  let error: string | null = null;
  if (skipped === null) {
    try {
      await scenario.play(stage);
      assert(stage.claims.length > 0, 'a scenario claims something');
    } catch (thrown) {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    await stage.clear().catch((thrown: unknown) => {
      error ??= `clearing away: ${thrown instanceof Error ? thrown.stack : String(thrown)}`;
    });
  }
  return {
    scenario: scenario.name,
    ok: error === null && stage.claims.every((c) => c.ok),
    seconds: Math.round((performance.now() - began) / 100) / 10,
    ...{ skipped, figures: stage.figures, claims: stage.claims, error },
  };
}
