/**
 * Changes that are no operation of the leader: alerts, configuration, cancelling. What each would do in
 * words, the same command for scripts, and what arms it. A plan made from the server's dry run carries its
 * checks; the others are made of what the screen already knows.
 */
import { shellWord } from '../../src/base/index.ts';
import type { CheckRow } from '../feed/wire.ts';
import { rough } from '../format/words.ts';

export type ChangeAct =
  | {
      readonly kind: 'ack';
      readonly id: string;
      readonly incident: string | undefined;
      readonly label: string;
    }
  /** `by`: who acknowledged it; another one's is not taken back instead. */
  | {
      readonly kind: 'unack';
      readonly id: string;
      readonly incident: string;
      readonly by: string;
      readonly label: string;
    }
  | {
      readonly kind: 'silence';
      readonly rule: string;
      readonly nodeId: string | null;
      readonly forMs: number;
    }
  /** `label`: what the silence itself is of; `ends`: what it silences, where that is known. */
  | {
      readonly kind: 'unsilence';
      readonly id: string;
      readonly label: string;
      readonly ends?: readonly string[];
    }
  /**
   * `text`: `key=value …`, or `@file`. `checkOnly`: it is never put in force. `wholeOf`: the file is the
   * whole configuration, written from this version; `outdated`: another one is in force by now.
   */
  | {
      readonly kind: 'apply';
      readonly text: string;
      readonly confirmMs: number | null;
      readonly checkOnly?: boolean;
      readonly wholeOf?: number;
      readonly outdated?: true;
    }
  | {
      readonly kind: 'rollback';
      readonly version: number;
      readonly active: number;
      readonly confirmMs: number | null;
      /** It takes the change that made `active` back; where that was a rollback it goes forward again. */
      readonly undoes?: 'change' | 'rollback';
    }
  /** `previous`: what was in force before the trial. */
  | { readonly kind: 'confirm'; readonly version: number; readonly previous: number | null }
  | { readonly kind: 'cancel'; readonly id: string; readonly what: string }
  /** `forMs`: null = an hour, or as long as is allowed where that is less. */
  | { readonly kind: 'pause'; readonly forMs: number | null }
  /** `by`: who paused it, where that is known. */
  | { readonly kind: 'resume'; readonly by: string | null };

export interface ChangePlan {
  readonly checks: readonly CheckRow[];
  /** What will be different, a line each. */
  readonly effects: readonly string[];
  readonly allowed: boolean;
  /** What must be typed; null = `y`, then Enter. */
  readonly arm: string | null;
  /** The version of the configuration that it is made for; null = none. */
  readonly base: number | null;
  /** The text that was checked: a file may have another one by the time that it is confirmed. */
  readonly text?: string;
}

/** Lengths of time that ← and → go through; null = without. */
export const LENGTHS: Readonly<Record<ChangeAct['kind'], readonly (number | null)[]>> = {
  ack: [],
  unack: [],
  silence: [900_000, 3_600_000, 14_400_000, 86_400_000],
  unsilence: [],
  apply: [null, 60_000, 300_000, 900_000],
  rollback: [null, 60_000, 300_000, 900_000],
  confirm: [],
  cancel: [],
  pause: [900_000, null, 14_400_000],
  resume: [],
};

const FIRST_LENGTH = 1;

/** The length that a new dialog begins with; what takes a change back goes to what was tried already. */
export function firstLength(act: ChangeAct): number {
  return act.kind === 'rollback' && act.undoes !== undefined ? 0 : FIRST_LENGTH;
}

/** With the length at place `length` of its list. */
export function withLength(act: ChangeAct, length: number): ChangeAct {
  const ms = LENGTHS[act.kind][length];
  if (ms === undefined) return act;
  if (act.kind === 'silence') return ms === null ? act : { ...act, forMs: ms };
  if (act.kind === 'pause') return { ...act, forMs: ms };
  if (act.kind === 'apply' || act.kind === 'rollback') return { ...act, confirmMs: ms };
  return act;
}

/** ` on n5`, or nothing for the cluster. */
export function onNode(nodeId: string | null): string {
  return nodeId === null ? '' : ` on ${nodeId}`;
}

/** ` --reason …`, or nothing where none was written. */
export function reasonFlag(reason: string): string {
  return reason.trim() === '' ? '' : ` --reason ${shellWord(reason.trim())}`;
}

function within(ms: number | null): string {
  return ms === null ? '' : ` --confirm-within ${rough(ms)}`;
}

/** The cluster takes it only with a reason: whoever finds it paused has to know why. */
export function needsReason(act: ChangeAct): boolean {
  return act.kind === 'pause';
}

/** It asks whether a configuration would do, and no more. */
export function isCheckOnly(act: ChangeAct): boolean {
  return act.kind === 'apply' && act.checkOnly === true;
}

/** `key=value …` as it was written, each a word for the shell. */
function settings(text: string): string {
  return text
    .trim()
    .split(/\s+(?=[\w.]+=)/)
    .map(shellWord)
    .join(' ');
}

/** Of the plan that is agreed to: refused where another configuration is in force by then. */
function pinned(base: number | null): string {
  return base === null ? '' : ` --if-version ${base}`;
}

/** The same change for scripts: whole, bound to what the screen binds it to, and quoted for a shell. */
export function commandOf(act: ChangeAct, reason: string, base: number | null = null): string {
  switch (act.kind) {
    case 'ack': {
      const incident = act.incident === undefined ? '' : ` --incident ${shellWord(act.incident)}`;
      return `sqlcc alert ack ${shellWord(act.id)}${incident}`;
    }
    case 'unack':
      return `sqlcc alert unack ${shellWord(act.id)} --incident ${shellWord(act.incident)}`;
    case 'silence': {
      const node = act.nodeId === null ? '' : ` --node ${shellWord(act.nodeId)}`;
      const told = ` --for ${rough(act.forMs)}${reasonFlag(reason)}`;
      return `sqlcc alert silence add --rule ${shellWord(act.rule)}${node}${told}`;
    }
    case 'unsilence':
      return `sqlcc alert silence remove ${shellWord(act.id)}`;
    case 'apply': {
      if (act.checkOnly === true && act.text.startsWith('@'))
        return `sqlcc cluster config validate ${shellWord(act.text.slice(1))}`;
      const dry = act.checkOnly === true ? ' --dry-run' : '';
      const whole = act.wholeOf === undefined ? '' : ' --replace';
      const from = act.text.startsWith('@')
        ? `update ${shellWord(act.text.slice(1))}${whole}`
        : `set ${settings(act.text)}`;
      const trial = act.checkOnly === true ? dry : `${pinned(base)}${within(act.confirmMs)}`;
      return `sqlcc cluster config ${from}${trial}${reasonFlag(reason)}`;
    }
    case 'rollback': {
      const told = `${pinned(base)}${within(act.confirmMs)}${reasonFlag(reason)}`;
      return `sqlcc cluster config rollback ${act.version}${told}`;
    }
    case 'confirm':
      return `sqlcc cluster config confirm ${act.version}`;
    case 'cancel':
      return `sqlcc op cancel ${shellWord(act.id)}`;
    case 'pause': {
      const length = act.forMs === null ? '' : ` --for ${rough(act.forMs)}`;
      return `sqlcc cluster pause${length}${reasonFlag(reason)}`;
    }
    case 'resume':
      return `sqlcc cluster resume${reasonFlag(reason)}`;
  }
}

export function titleOfChange(act: ChangeAct): string {
  switch (act.kind) {
    case 'ack':
      return `ACKNOWLEDGE ${act.label}`;
    case 'unack':
      return `UNACKNOWLEDGE ${act.label}`;
    case 'silence':
      return `SILENCE ${act.rule}${onNode(act.nodeId)}`;
    case 'unsilence':
      return `END SILENCE ${act.label}`;
    case 'apply':
      return act.checkOnly === true ? 'VALIDATE CONFIG' : 'APPLY CONFIG';
    case 'rollback':
      return `ROLL ${act.undoes === 'rollback' ? 'FORWARD' : 'BACK'} CONFIG to v${act.version}`;
    case 'confirm':
      return `KEEP CONFIG v${act.version}`;
    case 'cancel':
      return `CANCEL ${act.what}`;
    case 'pause':
      return 'PAUSE the cluster';
    case 'resume':
      return 'RESUME the cluster';
  }
}

/** The plan where no server has to be asked for one; null = the server makes it. */
export function ownPlan(act: ChangeAct): ChangePlan | null {
  const plan = (...effects: string[]): ChangePlan => ({
    ...{ checks: [], effects, allowed: true, arm: null, base: null },
  });
  switch (act.kind) {
    case 'ack':
      return plan('it stays on the screen until it is resolved; channels are told who has seen it');
    case 'unack':
      return plan(
        `${act.by} has acknowledged it: from now on nobody has`,
        'channels that were told of that are not told that it was taken back',
      );
    case 'silence':
      return plan(
        `nobody is told of ${act.rule}${onNode(act.nodeId)} for ${rough(act.forMs)}`,
        'it still fires and is shown here; the silence ends by itself',
      );
    case 'unsilence':
      return plan(...(act.ends ?? []), 'from now on people are told again');
    case 'confirm':
      return { ...plan(`v${act.version} stays in force; it is not taken back any more`), base: act.version };
    case 'cancel':
      return plan('it ends only if nothing of it has begun; what is under way goes on to its end');
    case 'pause':
      return plan(
        'neither leadership nor members move by themselves; elections go on, and so do all writes',
        'it ends by itself, or sooner by sqlcc cluster resume',
      );
    case 'resume':
      return plan(
        ...(act.by === null ? [] : [`the pause by ${act.by} ends`]),
        'from now on leadership and members move by themselves again',
      );
    case 'apply':
    case 'rollback':
      return null;
  }
}

/**
 * A change of how nodes elect is confirmed by a typed name, any other by `y`: the version that comes back, or
 * the section that changes.
 */
export function armOf(act: ChangeAct, paths: readonly string[]): string | null {
  const isRaft = paths.some((path) => /(^|\.)raft\./.test(path));
  if (!isRaft || isCheckOnly(act)) return null;
  return act.kind === 'rollback' ? `v${act.version}` : 'raft';
}
