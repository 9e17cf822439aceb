/** The list that each view selects from, and what a view asks the cluster for, from the selection. */
import { type Answer, type Question, questionKey, type SliceName, type Slices } from '../feed/slices.ts';
import type {
  AlertRow,
  ConfigVersionRow,
  ElectionRow,
  OperationView,
  SilenceRow,
  StatusResponse,
} from '../feed/wire.ts';
import { parseFilter } from './filter.ts';
import {
  ALERT_FIELDS,
  ELECTION_FIELDS,
  FLEET_FIELDS,
  HAPPENING_FIELDS,
  type Happening,
  LOG_FIELDS,
  OPERATION_FIELDS,
  VERSION_FIELDS,
  wrongFilter,
} from './filter-fields.ts';
import { type FleetEntry, fleetRow, fleetRows } from './fleet.ts';
import type { Model, Picture } from './model.ts';
import { compareNames, newestFirst, shown, visibleNodes } from './selectors.ts';
import type { ViewId } from './views.ts';

export type { Happening };

/** What a list says when the filter lets nothing through: what is wrong with it, else `words`. */
export function unmatched({ view, filter }: Model, words: string): string {
  return wrongFilter(view, filter.text) ?? words;
}

/** The newest answer to a question, or undefined when nobody has answered yet. */
export function answerOf<K extends SliceName>(picture: Picture, slice: K, arg = ''): Answer<K> | undefined {
  return picture.answers[questionKey({ slice, arg })] as Answer<K> | undefined;
}

function answered<K extends SliceName>(picture: Picture, slice: K, arg = ''): Slices[K] | null {
  return answerOf(picture, slice, arg)?.value ?? null;
}

/** Every election that is known, newest first: a filter chooses rows of the list, it changes no history. */
export function allElections(model: Model): readonly ElectionRow[] {
  return [...(shown(model).status?.elections ?? [])].reverse();
}

/** Newest first. */
export function electionRows(model: Model): readonly ElectionRow[] {
  return allElections(model).filter(parseFilter(model.filter.text, ELECTION_FIELDS).test);
}

const SEVERITY_RANK: Readonly<Record<AlertRow['severity'], number>> = { critical: 0, warning: 1, info: 2 };

/** Firing ones first, the worst and then the newest at the top. */
export function alertRows(model: Model): readonly AlertRow[] {
  const rank = (a: AlertRow) => (a.state === 'firing' ? 0 : 10) + SEVERITY_RANK[a.severity];
  return shown(model)
    .alerts.filter((a) => !model.firingOnly || a.state === 'firing')
    .filter(parseFilter(model.filter.text, ALERT_FIELDS).test)
    .sort((a, b) => rank(a) - rank(b) || (a.since < b.since ? 1 : a.since > b.since ? -1 : 0));
}

/** What a silence is of, whole: `every rule of severity critical on n3`. */
export function silenceScope({ rule, node_id, severity }: SilenceRow): string {
  const grade = severity === null ? '' : ` of severity ${severity}`;
  return `${rule ?? 'every rule'}${grade} on ${node_id ?? 'every node'}`;
}

/** When the picture is one of the past, what came later is not in it yet. */
function until(model: Model, at: string): boolean {
  return model.past === null || Date.parse(at) <= model.past.at;
}

/** Every version that is kept, newest first. */
function allVersions(model: Model): readonly ConfigVersionRow[] {
  return [...(answered(shown(model), 'versions') ?? [])]
    .filter((v) => until(model, v.create_time))
    .sort((a, b) => b.version - a.version);
}

/** Newest first. */
export function versionRows(model: Model): readonly ConfigVersionRow[] {
  return allVersions(model).filter(parseFilter(model.filter.text, VERSION_FIELDS).test);
}

/** Running ones first, then the newest. */
export function operationRows(model: Model): readonly OperationView[] {
  const began = (o: OperationView) => o.phases[0]?.at ?? '';
  return [...(answered(shown(model), 'operations') ?? [])]
    .filter((o) => until(model, began(o)))
    .filter(parseFilter(model.filter.text, OPERATION_FIELDS).test)
    .sort((a, b) => {
      const running = Number(b.state === 'running') - Number(a.state === 'running');
      return running || (began(a) < began(b) ? 1 : -1);
    });
}

const LEVELS = ['info', 'warning', 'critical'] as const;

/** Events and audit in one order of time, newest first; equal events in a row are one line. */
export function happenings(model: Model): readonly Happening[] {
  const picture = shown(model);
  const least = LEVELS.indexOf(model.eventLevel);
  const { test } = parseFilter(model.filter.text, HAPPENING_FIELDS);
  const events: Happening[] = newestFirst(picture)
    .filter((e) => LEVELS.indexOf(e.severity) >= least)
    .map((event): Happening => ({ key: `e${event.cursor}`, at: event.at, event, times: 1 }))
    .filter(test);
  const audit: Happening[] = (answered(picture, 'audit') ?? [])
    // it has no severity: what people did is not critical
    .filter((a) => least < LEVELS.indexOf('critical') && until(model, a.at))
    .map((row): Happening => ({ key: `a${row.seq}`, at: row.at, audit: row }))
    .filter(test);
  const merged = [...events, ...audit].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return collapsed(merged);
}

function collapsed(rows: readonly Happening[]): Happening[] {
  const out: Happening[] = [];
  for (const row of rows) {
    const last = out.at(-1);
    const isSame =
      last !== undefined &&
      'event' in last &&
      'event' in row &&
      last.event.kind === row.event.kind &&
      last.event.node_id === row.event.node_id &&
      last.event.message === row.event.message;
    if (isSame) out[out.length - 1] = { ...last, times: last.times + 1 };
    else out.push(row);
  }
  return out;
}

function ageOf({ cluster }: StatusResponse, sinceMs: number): number {
  return Math.max(0, sinceMs) + cluster.read.age_ms;
}

/** A fleet of one has its one row: the cluster that is looked at. */
function ownEntry({ contextName, picture, now }: Model): FleetEntry {
  const { status, statusAt } = picture;
  const ageMs = status === null ? null : ageOf(status, now - statusAt);
  return { context: contextName, status, error: null, ageMs };
}

/** What is known of each cluster of the fleet; of one that was not asked yet neither status nor error. */
export function fleetEntries(model: Model): readonly FleetEntry[] {
  const { test } = parseFilter(model.filter.text, FLEET_FIELDS);
  return knownEntries(model).filter((entry) => test(fleetRow(entry)));
}

function knownEntries(model: Model): readonly FleetEntry[] {
  if (model.contexts.length === 0) return [ownEntry(model)];
  return model.contexts.map((context): FleetEntry => {
    const answer = answerOf(model.picture, 'fleet', context);
    if (answer === undefined) return { context, status: null, error: null };
    const { value, at, error } = answer;
    return { context, status: value, error, ageMs: value === null ? null : ageOf(value, model.now - at) };
  });
}

/** The node that the Node and Log views are about. */
export function subjectNode(model: Model): string | null {
  return model.selected ?? shown(model).status?.nodes[0]?.node_id ?? null;
}

export function logRows(model: Model): readonly { key: string; line: Slices['log'][number] }[] {
  const node = subjectNode(model);
  const lines = node === null ? null : answered(shown(model), 'log', node);
  const least = LEVELS.indexOf(model.eventLevel);
  const { test } = parseFilter(model.filter.text, LOG_FIELDS);
  // older lines go as new ones come: a place in the list is no name
  const seen = new Map<string, number>();
  return [...(lines ?? [])]
    .map((line) => {
      const nth = (seen.get(line.at) ?? 0) + 1;
      seen.set(line.at, nth);
      return { key: `${line.at} ${nth}`, line };
    })
    .filter(({ line }) => until(model, line.at) && logRank(line.level) >= least)
    .filter(({ line }) => test(line))
    .reverse();
}

/** A level of the log among the severities of events. */
function logRank(level: string): number {
  return level === 'ERROR' ? 2 : level === 'WARN' ? 1 : 0;
}

const KEYS: Readonly<Record<ViewId, (model: Model) => readonly string[]>> = {
  topology: (m) => visibleNodes(m).map((n) => n.node_id),
  raft: (m) => electionRows(m).map((e) => String(e.term)),
  alerts: (m) => alertRows(m).map((a) => a.id),
  config: (m) => versionRows(m).map((v) => String(v.version)),
  events: (m) => happenings(m).map((h) => h.key),
  log: (m) => logRows(m).map((l) => l.key),
  operations: (m) => operationRows(m).map((o) => o.id),
  fleet: (m) => fleetRows(fleetEntries(m)).map((row) => row.context),
  node: (m) => (shown(m).status?.nodes ?? []).map((n) => n.node_id).sort(compareNames),
};

/** Keys of the rows of a view, in the order shown. */
export function rowKeys(model: Model, view: ViewId = model.view): readonly string[] {
  return KEYS[view](model);
}

/** Place of the selected row; 0 when it is gone or nothing was selected. */
export function cursorAt(model: Model, keys: readonly string[], view: ViewId = model.view): number {
  const key = view === 'topology' || view === 'node' ? model.selected : (model.cursor[view] ?? null);
  return key === null ? 0 : Math.max(0, keys.indexOf(key));
}

/** The selected row of a view's list; the first when none is selected, undefined when there is none. */
export function selectedOf<T>(
  model: Model,
  rows: readonly T[],
  keyOf: (row: T) => string,
  view: ViewId,
): T | undefined {
  return rows[cursorAt(model, rows.map(keyOf), view)];
}

/** What the view on the screen wants answered. */
export function wanted(model: Model): readonly Question[] {
  const ask = (slice: SliceName, arg = ''): Question => ({ slice, arg });
  switch (model.view) {
    case 'raft':
      return [ask('links')];
    case 'alerts': {
      const rows = alertRows(model);
      const chosen =
        rows[
          cursorAt(
            model,
            rows.map((a) => a.id),
          )
        ];
      return [ask('silences'), ...(chosen === undefined ? [] : [ask('explain', chosen.rule)])];
    }
    case 'config': {
      const [versions, pair, whole] = [ask('versions'), diffPair(model), wholeVersion(model)];
      const changes = pair === null ? [] : [ask('diff', pair)];
      return [versions, ask('pending'), ...(whole === null ? changes : [ask('text', String(whole))])];
    }
    case 'events':
      return [ask('audit')];
    case 'log': {
      const node = subjectNode(model);
      return node === null ? [] : [ask('log', node)];
    }
    case 'operations':
      return [ask('operations')];
    case 'fleet':
      return model.contexts.map((name) => ask('fleet', name));
    default:
      return [];
  }
}

/** `40..41`: the selected version and the one before it, listed or not; null where there are no two. */
export function diffPair(model: Model): string | null {
  const chosen = selectedOf(model, versionRows(model), (v) => String(v.version), 'config');
  const kept = allVersions(model);
  const base = kept.find((v) => v.version === model.diffBase);
  if (chosen !== undefined && base !== undefined && base.version !== chosen.version) {
    const [low, high] = [base.version, chosen.version].sort((a, b) => a - b);
    return `${low}..${high}`;
  }
  const before = kept.find((v) => v.version < (chosen?.version ?? 0));
  return chosen === undefined || before === undefined ? null : `${before.version}..${chosen.version}`;
}

/** The version that is shown whole: as is wished, or because none is to be compared with it; null = none. */
export function wholeVersion(model: Model): number | null {
  const chosen = selectedOf(model, versionRows(model), (v) => String(v.version), 'config');
  if (chosen === undefined) return null;
  return model.wholeConfig || diffPair(model) === null ? chosen.version : null;
}
