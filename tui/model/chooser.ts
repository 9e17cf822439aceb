/**
 * One list to choose from with a text above it: the palette (`:`), what can be done here (`a`), whose view
 * this is (`v`). Every entry goes the way of its key, so the gate and the dialogs are the same.
 */
import { clockTime } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { type Binding, bindingsOf } from '../keymap.ts';
import type { ChangeAct } from './change-plan.ts';
import { copiesOf } from './copies.ts';
import { fleetRows } from './fleet.ts';
import { refusal } from './gate.ts';
import { alertRows, fleetEntries, versionRows } from './lists.ts';
import type { Chooser, Deniable, Model } from './model.ts';
import { openView } from './navigate.ts';
import { compareNames, shown } from './selectors.ts';
import { noReplacementOf, underOther } from './subject.ts';
import { successors } from './successors.ts';
import { VIEWS, type ViewId } from './views.ts';
import { closedNow } from './works-now.ts';

type NodeAction = 'maintenance' | 'drain' | 'remove-node' | 'replace-node';

export type Choice =
  | { readonly kind: 'binding'; readonly binding: Binding }
  | { readonly kind: 'view'; readonly view: ViewId }
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'log'; readonly id: string }
  /** In words, what this alert is; `alert` is its row. */
  | { readonly kind: 'rule'; readonly alert: string }
  /** Why a failover can't be forced, and what there is instead. */
  | { readonly kind: 'no-force' }
  /** `to`: null = the node under the bar where it can lead, else whom the planner chooses. */
  | { readonly kind: 'move'; readonly action: 'failover' | 'switchover'; readonly to: string | null }
  | { readonly kind: 'operation'; readonly action: NodeAction; readonly id: string }
  | { readonly kind: 'change'; readonly act: ChangeAct }
  | { readonly kind: 'observer'; readonly id: string | null }
  | { readonly kind: 'filter'; readonly text: string }
  | { readonly kind: 'refresh'; readonly ms: number }
  | { readonly kind: 'context'; readonly name: string }
  | { readonly kind: 'copy'; readonly what: string; readonly text: string };

export interface Entry {
  readonly words: string;
  readonly note: string;
  readonly choice: Choice;
  /** Can begin a change of the cluster. */
  readonly acts: boolean;
}

type KeyEntry = Entry & { readonly choice: Extract<Choice, { kind: 'binding' }> };

function bindingEntries(model: Model, actsOnly: boolean): KeyEntry[] {
  return bindingsOf('main', model.view)
    .filter((b) => (actsOnly ? b.level !== undefined : true))
    .map((binding) => {
      const why = closedNow(binding, model);
      return {
        words: binding.help.split(':')[0] ?? binding.help,
        note: why === null ? binding.label : `${binding.label}  closed: ${why}`,
        choice: { kind: 'binding', binding },
        acts: binding.level !== undefined,
      };
    });
}

function nodeNames(model: Model): string[] {
  return (shown(model).status?.nodes ?? []).map((n) => n.node_id).sort(compareNames);
}

/** Why a pause can't begin; null = it can, and one's own is made longer. */
function noPauseOf(model: Model): string | null {
  const { pause = null, caller } = shown(model).status ?? {};
  return pause === null || pause.owner === caller?.id
    ? null
    : `${pause.owner} has paused it until ${clockTime(pause.expires)}`;
}

/** Why no pause can be ended; null = one can. */
function noResumeOf(model: Model): string | null {
  return shown(model).status?.pause == null ? 'the cluster is not paused' : null;
}

/** Why a change that is asked for by its name is not planned, where the picture says so; null = it is. */
export function noChangeOf(model: Model, act: ChangeAct): string | null {
  if (act.kind === 'pause') return noPauseOf(model);
  return act.kind === 'resume' ? noResumeOf(model) : null;
}

/** Why an operation of a node is not planned, where the picture says so; null = it is. */
export function noOperationOf(model: Model, action: NodeAction, id: string): string | null {
  const row = shown(model).status?.nodes.find((n) => n.node_id === id);
  return row === undefined || action !== 'replace-node' ? null : noReplacementOf(model, row);
}

function look(words: string, note: string, choice: Choice): Entry {
  return { words, note, choice, acts: false };
}

function act(words: string, note: string, choice: Choice): Entry {
  return { words, note, choice, acts: true };
}

function closedBy(model: Model, thing: Deniable): string | null {
  return refusal(model, thing) ?? underOther(model);
}

function noteOf(why: string | null, free = 'plan'): string {
  return why === null ? free : `closed: ${why}`;
}

/** Leadership to a node, or to the best: at once, or with everybody there and in step. */
function moveEntries(model: Model): Entry[] {
  const nodes = successors(model);
  const best = nodes.find((n) => n.why === null)?.id;
  const to = (action: 'failover' | 'switchover', id: string | null, own: string | null): Entry => {
    const note = noteOf(closedBy(model, action) ?? own, id === best ? 'best candidate' : 'plan');
    return act(id === null ? action : `${action} ${id}`, note, { kind: 'move', action, to: id });
  };
  return [
    ...nodes.map(({ id, why }) => to('failover', id, why)),
    to('switchover', null, null),
    ...nodes.map(({ id, why }) => to('switchover', id, why)),
  ];
}

/** What can be done with a node and seen of it, named as in the command line. */
function nodeEntries(model: Model): Entry[] {
  const nodes = [...(shown(model).status?.nodes ?? [])].sort((a, b) => compareNames(a.node_id, b.node_id));
  return nodes.flatMap(({ node_id: id, drain }) => {
    const operation = (word: string, action: NodeAction): Entry => {
      const why = closedBy(model, action) ?? noOperationOf(model, action, id);
      return act(`${word} ${id}`, noteOf(why), { kind: 'operation', action, id });
    };
    return [
      look(`node ${id}`, 'all about it', { kind: 'node', id }),
      look(`log ${id}`, 'what it says', { kind: 'log', id }),
      operation('maintenance', 'maintenance'),
      operation(drain == null ? 'drain' : 'undrain', 'drain'),
      operation('remove', 'remove-node'),
      operation('replace', 'replace-node'),
    ];
  });
}

/** A rule by its name, in the words of its first alert. */
function ruleEntries(model: Model): Entry[] {
  const alerts = alertRows(openView(model, 'alerts'));
  const rules = [...new Set(alerts.map((a) => a.rule))];
  return rules.flatMap((rule) => {
    const alert = alerts.find((a) => a.rule === rule);
    return alert === undefined
      ? []
      : [look(`explain ${rule}`, 'in words', { kind: 'rule', alert: alert.id })];
  });
}

function paletteEntries(model: Model): Entry[] {
  const names = nodeNames(model);
  const status = shown(model).status;
  const active = status?.config.version ?? 0;
  const pause = status?.pause ?? null;
  const keys = bindingEntries(model, false);
  return [
    ...VIEWS.map((v) =>
      look(`go ${v.title.toLowerCase()}`, v.key === null ? '' : keyOf(`view:${v.id}`), {
        kind: 'view',
        view: v.id,
      }),
    ),
    ...keys.filter(({ choice: { binding } }) => !isViewKey(binding) && binding.group !== 'MOVE'),
    ...moveEntries(model),
    look('forced failover', 'there is none: why, and what instead', { kind: 'no-force' }),
    ...nodeEntries(model),
    ...ruleEntries(model),
    ...contextEntries(model).map((e) => ({ ...e, words: `context ${e.words}` })),
    ...names.map((id) => look(`observer ${id}`, 'see through it', { kind: 'observer', id })),
    ...versionRows(model)
      .filter((v) => v.version !== active)
      .slice(0, 20)
      .map((v) => {
        const back = { kind: 'rollback', version: v.version, active, confirmMs: null } as const;
        return act(`rollback ${v.version}`, noteOf(closedBy(model, 'rollback'), v.author), {
          kind: 'change',
          act: back,
        });
      }),
    act(
      'pause',
      noteOf(closedBy(model, 'pause') ?? noPauseOf(model), 'nothing moves by itself for a while'),
      {
        kind: 'change',
        act: { kind: 'pause', forMs: null },
      },
    ),
    act('resume', noteOf(closedBy(model, 'resume') ?? noResumeOf(model), 'ends the pause'), {
      kind: 'change',
      act: { kind: 'resume', by: pause?.owner ?? null },
    }),
    ...[1000, 2000, 5000, 10_000].map((ms) =>
      look(`set refresh ${ms / 1000}s`, 'how often it is asked', { kind: 'refresh', ms }),
    ),
    // nobody moves the bar by a list of names: what does comes last
    ...keys.filter(({ choice: { binding } }) => binding.group === 'MOVE'),
  ];
}

function isViewKey(binding: Binding): boolean {
  return binding.id.startsWith('view:');
}

function observerEntries(model: Model): Entry[] {
  const views = shown(model).views?.views ?? [];
  const anybody: Entry = {
    words: 'whoever answers',
    note: model.observer === null ? '(now)' : '',
    choice: { kind: 'observer', id: null },
    acts: false,
  };
  const nodes = nodeNames(model).map((id): Entry => {
    const own = views.find((v) => v.node_id === id);
    const says =
      own === undefined
        ? 'not asked'
        : own.error !== null
          ? `silent: ${own.error}`
          : `leader ${own.leader_id ?? 'none'}, term ${own.term ?? '?'}`;
    const note = model.observer === id ? `${says}  (now)` : says;
    return { words: id, note, choice: { kind: 'observer', id }, acts: false };
  });
  return [anybody, ...nodes];
}

/** The clusters that can be gone to, with what is known of them. */
function contextEntries(model: Model): Entry[] {
  const rows = fleetRows(fleetEntries({ ...model, filter: { text: '', editing: false } }));
  return model.contexts.map((name): Entry => {
    const row = rows.find((r) => r.context === name);
    const health = row === undefined || row.health === 'unknown' ? '' : row.health;
    const note = name === model.contextName ? `${health}  (here)` : health;
    return { words: name, note: note.trim(), choice: { kind: 'context', name }, acts: false };
  });
}

function copyEntries(model: Model): Entry[] {
  return copiesOf(model).map(
    ({ what, text }): Entry => ({
      ...{ words: what, note: text.replaceAll(/\s+/g, ' ').trim(), acts: false },
      choice: { kind: 'copy', what, text },
    }),
  );
}

const LISTS: Readonly<Record<Chooser['purpose'], (model: Model) => Entry[]>> = {
  palette: paletteEntries,
  actions: (model) => bindingEntries(model, true),
  observer: observerEntries,
  context: contextEntries,
  copy: copyEntries,
};

/** Letters further apart than this, together, are no match that anybody meant. */
const MOST_GAPS = 12;

/** Fewer letters may lie anywhere in the words: `fn2`, `flov`. */
const MOST_SCATTERED = 3;

function isLetter(sign: string | undefined): boolean {
  return sign !== undefined && /[a-z0-9]/.test(sign);
}

/** Letters in their order, not side by side: `fn2` finds `failover n2`. Lower is better; null = no match. */
export function fuzzy(text: string, wanted: string): number | null {
  const [hay, needle] = [text.toLowerCase(), wanted.toLowerCase().trim()];
  const whole = hay.indexOf(needle);
  if (whole !== -1) return whole;
  let at = -1;
  let gaps = 0;
  let isLoose = false;
  for (const letter of needle) {
    const next = hay.indexOf(letter, at + 1);
    if (next === -1) return null;
    // what is left out lies between the beginnings of words, not in the middle of one
    isLoose ||= next !== at + 1 && at !== -1 && isLetter(hay[next - 1]);
    gaps += next - at - 1;
    at = next;
  }
  return gaps > MOST_GAPS || (isLoose && needle.length > MOST_SCATTERED) ? null : 100 + gaps;
}

/** What the list shows for what was typed, best first. */
export function choices(model: Model, chooser: Chooser): readonly Entry[] {
  const all = LISTS[chooser.purpose](model);
  const typed = chooser.text.trim();
  const free = typed.startsWith('filter ') && chooser.purpose === 'palette';
  if (free) {
    const text = typed.slice(7);
    return [{ words: typed, note: 'show only these', choice: { kind: 'filter', text }, acts: false }];
  }
  const found = all
    .map((entry) => ({ entry, rank: fuzzy(entry.words, typed) }))
    .filter((r): r is { entry: Entry; rank: number } => r.rank !== null)
    .sort((a, b) => a.rank - b.rank);
  return found.map((r) => r.entry);
}
