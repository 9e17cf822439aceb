/** Versions of the configuration, what the selected one changed, and which node waits for a restart. */

import { plural } from '../../../src/base/index.ts';
import type { ConfigChangeRow, ConfigVersionRow } from '../../feed/wire.ts';
import { clean, fitText } from '../../format/width.ts';
import { age, clockTime, dayOf } from '../../format/words.ts';
import { keyOf } from '../../key-names.ts';
import { answerOf, cursorAt, diffPair, selectedOf, versionRows, wholeVersion } from '../../model/lists.ts';
import { shown } from '../../model/selectors.ts';
import { type Line, span, type Token } from '../../theme/tokens.ts';
import {
  type BandRows,
  emptiness,
  listAndSide,
  ofAnybody,
  ofNow,
  outdated,
  type PaneSpec,
  type Room,
} from '../body.ts';
import { nodeNames } from '../node-table.ts';
import type { View } from '../view.ts';

const DAY_MS = 86_400_000;

function when(at: string, now: number): string {
  return now - Date.parse(at) < DAY_MS ? clockTime(at) : dayOf(at);
}

function stateOf(row: ConfigVersionRow, view: View): readonly [string, Token] {
  // of then the version that was in force is known, and what became of others is not
  if (view.model.past !== null)
    return row.version === shown(view.model).status?.config.version ? ['ACTIVE', 'ok'] : ['—', 'muted'];
  if (row.confirmation === 'awaited') return ['ON TRIAL', 'candidate'];
  if (row.is_active) return ['ACTIVE', 'ok'];
  if (row.confirmation === 'reverted') return ['reverted', 'warning'];
  return ['superseded', 'muted'];
}

function line(row: ConfigVersionRow, view: View): Line {
  const [state, token] = stateOf(row, view);
  return [
    span(`${fitText(`v${row.version}`, 5)} `, state === 'ACTIVE' ? 'title' : 'plain'),
    span(`${fitText(when(row.create_time, view.model.now), 10)} `, 'muted'),
    span(`${fitText(clean(row.author), 12)} `),
    span(`${fitText(state, 10)} `, token),
    span(clean(row.reason) || plural(row.changes.length, 'change'), 'muted'),
  ];
}

/** What comes back, when, and how much of the time has passed. */
function trialLines(view: View): Line[] {
  const trial = shown(view.model).status?.config.tentative;
  if (trial == null) return [];
  const left = Date.parse(trial.expires) - view.model.now;
  return [
    [
      span(`v${trial.version} is on trial: v${trial.previous} comes back in `, 'candidate'),
      span(age(left), 'title'),
      span(`  ${keyOf('keep-config')} keeps it`, 'key'),
    ],
  ];
}

function list(view: View, room: Room): PaneSpec {
  const { model, symbols } = view;
  const rows = versionRows(model);
  const answer = answerOf(shown(model), 'versions');
  const spreadAnswer = answerOf(shown(model), 'pending');
  // how many run with it now is not known from an answer of before
  const pending = spreadAnswer?.error == null ? (spreadAnswer?.value ?? []) : [];
  const active = shown(model).status?.config.version ?? null;
  const on = pending.filter((p) => p.version === active).length;
  const isPast = model.past !== null;
  const spread = pending.length === 0 || isPast ? '' : ` ${symbols.dot} runs on ${on}/${pending.length}`;
  const trial = shown(model).status?.config.tentative;
  // what was active before is not while another one is on trial
  const state = trial == null ? `v${active} active` : `v${trial.version} on trial`;
  const title: Line = [
    span('Config ', 'title'),
    span(active === null ? '' : `${state}${spread}`, isPast || on === pending.length ? 'muted' : 'warning'),
    ...outdated(answer),
    ...ofAnybody(view),
  ];
  const none = emptiness(answer, rows.length, 'no version matches');
  if (none !== null) return { pane: 'versions', title, lines: [...trialLines(view), ...none], focused: true };
  const head: Line = [span(`VER   ${fitText('WHEN', 10)} WHO          STATE      WHY`, 'muted')];
  return {
    pane: 'versions',
    title,
    ...(room.tier === 'tiny' ? {} : { heading: head }),
    lines: rows.map((r) => line(r, view)),
    selected: cursorAt(
      model,
      rows.map((r) => String(r.version)),
      'config',
    ),
    focused: !model.side.focused,
  };
}

function valueWords(value: unknown): string {
  return value === undefined || value === null ? 'unset' : clean(JSON.stringify(value));
}

const EFFECT: Readonly<Record<ConfigChangeRow['effect'], Token>> = {
  live: 'ok',
  restart: 'warning',
  forbidden: 'critical',
};

function changeLines(change: ConfigChangeRow): Line[] {
  return [
    [span(clean(change.path), 'title'), span(`  ${change.effect}`, EFFECT[change.effect] ?? 'plain')],
    [span('  - ', 'critical'), span(valueWords(change.from))],
    [span('  + ', 'ok'), span(valueWords(change.to))],
  ];
}

function diffLines(view: View): Line[] {
  const pair = diffPair(view.model);
  // of what has not come nothing is said here: the list says that it is asked for
  if (answerOf(shown(view.model), 'versions')?.value == null) return [];
  if (pair === null) return [[span('none is selected', 'muted')]];
  const answer = answerOf(shown(view.model), 'diff', pair);
  const none = emptiness(answer, answer?.value?.length ?? 0, 'both are equal');
  const old = outdated(answer);
  const mark: Line[] = old.length === 0 ? [] : [old];
  return none === null ? [...mark, ...(answer?.value ?? []).flatMap(changeLines)] : [...none];
}

/** The text of a version, every key with its value: also those that nobody has set. */
function wholeLines(version: number, view: View): Line[] {
  const answer = answerOf(shown(view.model), 'text', String(version));
  if (answer?.value == null) return [...(emptiness(answer, 1, '') ?? [])];
  const old = outdated(answer);
  const isFirst = diffPair(view.model) === null;
  const mark: Line[] = [
    ...(old.length === 0 ? [] : [old]),
    ...(isFirst ? [[span('the oldest that is kept: all of it', 'muted')]] : []),
  ];
  const text = answer.value.text.trimEnd().split('\n');
  return [...mark, ...text.map((row): Line => [span(clean(row), /^\s*#/.test(row) ? 'muted' : 'plain')])];
}

const NAME_CELLS = 20;
const LEAST_NAME_CELLS = 7;

/** Nodes that differ: run another version, wait for a restart, would not start. */
function pendingLines(view: View): Line[] {
  const picture = shown(view.model);
  const answer = answerOf(picture, 'pending');
  if (answer?.value == null)
    return answer?.error == null
      ? []
      : [[span('which nodes run it: no answer: ', 'warning'), span(clean(answer.error))]];
  const active = picture.status?.config.version ?? null;
  const names = nodeNames(answer.value, NAME_CELLS, LEAST_NAME_CELLS);
  const lines = answer.value.flatMap((node): Line[] => {
    const name = span(`  ${names.fit(clean(node.node_id))} `, 'title');
    if (node.error !== null) return [[name, span(`not asked: ${clean(node.error)}`, 'muted')]];
    const old =
      node.version !== active ? [[name, span(`still runs v${node.version ?? '?'}`, 'warning')] as Line] : [];
    const bad =
      node.file_issue === null
        ? []
        : [[name, span(`would not start: ${clean(node.file_issue)}`, 'critical')] as Line];
    const waiting = node.pending.map(
      (c): Line => [
        name,
        span(`${clean(c.path)} ${valueWords(c.from)} → ${valueWords(c.to)}`),
        span('  waits for a restart', 'warning'),
      ],
    );
    return [...old, ...bad, ...waiting];
  });
  const old = outdated(answer);
  if (lines.length === 0)
    return [
      [
        span(`${old.length > 0 ? '~' : view.symbols.pass} `, 'ok'),
        span('nothing waits for a restart', 'muted'),
        ...ofNow(view),
        ...old,
      ],
    ];
  return [[span('node by node', 'muted'), ...ofNow(view), ...old], ...lines];
}

function side(view: View): PaneSpec {
  const { model, symbols } = view;
  const rows = versionRows(model);
  const chosen = selectedOf(model, rows, (r) => String(r.version), 'config');
  const pair = diffPair(model);
  const { focused, scroll } = model.side;
  const whole = wholeVersion(model);
  const title: Line =
    whole !== null
      ? [span('Whole ', 'title'), span(`v${whole}`, 'muted')]
      : [
          span('Diff ', 'title'),
          span(pair === null ? '' : `v${pair.replace('..', ` ${symbols.arrow} v`)}`, 'muted'),
        ];
  const inside = whole === null ? diffLines(view) : wholeLines(whole, view);
  const by: Line[] =
    chosen === undefined
      ? []
      : [
          [
            span(`by ${clean(chosen.author)} through ${clean(chosen.create_node)} `),
            span(
              [when(chosen.create_time, model.now), clean(chosen.config_hash).slice(0, 12)].join(
                ` ${symbols.dot} `,
              ),
              'muted',
            ),
          ],
        ];
  return {
    pane: 'diff',
    title,
    lines: [...trialLines(view), ...by, ...inside, [], ...pendingLines(view)],
    focused,
    scroll,
  };
}

/** The versions, and what the selected one changed. */
export function configPanes(view: View, room: Room): readonly [PaneSpec, PaneSpec] {
  return [list(view, room), side(view)];
}

export function configView(view: View, room: Room): BandRows[] {
  return listAndSide(...configPanes(view, room), view, room);
}
