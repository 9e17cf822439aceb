/** The desk of a live cluster: one method of the client SDK for each question and change. */

import { readFileSync } from 'node:fs';
import { parseDocument, stringify } from 'yaml';
import { plural, SqlccError } from '../../src/base/index.ts';
import { clockTime, rough } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { armOf, type ChangeAct, type ChangePlan, onNode } from '../model/change-plan.ts';
import { logText } from '../model/log-text.ts';
import type { DeskClient, Fleet } from '../options.ts';
import type { Acted, ActRequest, Desk } from './desk.ts';
import type { Link, LogLine, Question, SliceName, Slices } from './slices.ts';
import type { CheckRow, ConfigChangeRow, StatusResponse } from './wire.ts';

/** Nodes that are asked how they hear the others: above this the matrix is not drawn either. */
const MOST_LINKED = 12;
const LINK_TIMEOUT_MS = 1500;
const FLEET_TIMEOUT_MS = 3000;

async function links(client: DeskClient): Promise<Link[]> {
  const { nodes } = await client.status({ stale: true });
  const asked = nodes.filter((n) => n.liveness === 'alive' || n.liveness === 'suspect').slice(0, MOST_LINKED);
  const rows = await Promise.allSettled(
    asked.map(async ({ node_id: from }) => {
      const answer = await client.status({ stale: true, node: from, timeoutMs: LINK_TIMEOUT_MS });
      return answer.nodes.map((n): Link => {
        const spread = { rttP50Ms: n.rtt_p50_ms ?? null, rttP99Ms: n.rtt_p99_ms ?? null };
        return { from, to: n.node_id, rttMs: n.rtt_ms, ...spread, liveness: n.liveness };
      });
    }),
  );
  return rows.flatMap((r) => (r.status === 'fulfilled' ? r.value : []));
}

async function askOther(fleet: Fleet | null, name: string): Promise<StatusResponse> {
  if (fleet === null) throw new SqlccError('not_found', `there is no context ${name}`);
  const { client } = await fleet.connect(name);
  return client.status({ stale: true, timeoutMs: FLEET_TIMEOUT_MS });
}

const READS: {
  readonly [K in Exclude<SliceName, 'fleet'>]: (
    client: DeskClient,
    arg: string,
    node: { node?: string },
  ) => Promise<Slices[K]>;
} = {
  operations: async (client) => (await client.operations()).operations,
  versions: async (client) => (await client.configVersions()).versions,
  pending: async (client) => (await client.configPending()).nodes,
  text: async (client, arg) => {
    const { version, text } = await (arg === '' ? client.config() : client.config(Number(arg)));
    return { version: version.version, text };
  },
  diff: async (client, arg) => {
    const [from, to] = arg.split('..').map(Number);
    return (await client.configDiff({ from: from ?? 0, to: to ?? 0 })).changes;
  },
  silences: async (client) => (await client.alerting.silences()).silences,
  explain: (client, arg, node) => client.alerting.explain(arg, node),
  audit: async (client, _, node) => (await client.audit(node)).records,
  links,
  log: async (client, node) => {
    const { lines } = await client.health.log({ node });
    return lines.map(
      ({ at, level, event, fields }): LogLine => ({ at, level, event, text: logText(event, fields) }),
    );
  },
};

/** `raft.heartbeat_interval_ms=40 …` as YAML, or the text of the named file. */
export function configText(text: string): string {
  const words = text.trim();
  if (words.startsWith('@')) {
    try {
      return readFileSync(words.slice(1), 'utf8');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SqlccError('invalid_argument', `the file can't be read: ${why}`);
    }
  }
  const document = parseDocument('');
  for (const word of words.split(/\s+(?=[\w.]+=)/)) {
    const at = word.indexOf('=');
    if (at < 1) throw new SqlccError('invalid_argument', `"${word}" is no key=value`);
    const steps = word.slice(0, at).split('.');
    if (steps.includes('')) throw new SqlccError('invalid_argument', `"${word}" has an empty key`);
    const path = steps[0] === 'cluster' ? steps : ['cluster', ...steps];
    document.setIn(path, parseDocument(word.slice(at + 1)).toJS());
  }
  return stringify(document.toJS());
}

function valueWords(value: unknown): string {
  return value === undefined || value === null ? 'unset' : JSON.stringify(value);
}

function changeWords(change: ConfigChangeRow): string {
  return `${change.path}: ${valueWords(change.from)} → ${valueWords(change.to)} (${change.effect})`;
}

/** What the live nodes say of a text that is put in force nowhere. */
type Verdict =
  | { readonly kind: 'valid' | 'unasked'; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string };

const VALIDITY = {
  valid: { name: 'valid', result: 'pass', text: 'valid on every live node' },
  // what is refused anyway is not asked about
  unasked: { name: 'valid', result: 'warn', text: 'the live nodes were not asked' },
} as const;

function validity(verdict: Verdict): CheckRow {
  return verdict.kind === 'refused'
    ? { name: 'valid', result: 'fail', text: verdict.why }
    : VALIDITY[verdict.kind];
}

function checksOf(changes: readonly ConfigChangeRow[], verdict: Verdict): CheckRow[] {
  const notes = verdict.kind === 'refused' ? [] : verdict.notes;
  const forbidden = changes.filter((c) => c.effect === 'forbidden');
  const restart = changes.filter((c) => c.effect === 'restart');
  return [
    ...(changes.length === 0
      ? [{ name: 'changes', result: 'fail' as const, text: 'nothing would be different' }]
      : [validity(verdict)]),
    ...forbidden.map((c) => ({
      name: 'forbidden',
      result: 'fail' as const,
      text: `${c.path} can't be changed`,
    })),
    ...(restart.length > 0
      ? [
          {
            name: 'restart',
            result: 'warn' as const,
            text: `${plural(restart.length, 'key waits', 'keys wait')} for a restart`,
          },
        ]
      : []),
    ...notes.map((text) => ({ name: 'note', result: 'warn' as const, text })),
  ];
}

/** Whether the nodes would run with version `version` again; asked only where nothing else forbids it. */
async function verdictOf(
  client: DeskClient,
  { version, base }: { readonly version: number; readonly base: number },
  changes: readonly ConfigChangeRow[],
): Promise<Verdict> {
  if (changes.length === 0 || changes.some((c) => c.effect === 'forbidden'))
    return { kind: 'unasked', notes: [] };
  try {
    const { text } = await client.config(version);
    const { notes } = await client.putConfig({ text, dryRun: true, ifVersion: base, replace: true });
    return { kind: 'valid', notes };
  } catch (error) {
    if (!(error instanceof SqlccError) || error.code !== 'config_invalid') throw error;
    return { kind: 'refused', why: error.message };
  }
}

async function preflight(client: DeskClient, act: ChangeAct): Promise<ChangePlan> {
  const planOf = (changes: readonly ConfigChangeRow[], verdict: Verdict, base: number): ChangePlan => {
    const checks = checksOf(changes, verdict);
    const paths = changes.map((c) => c.path);
    return {
      checks,
      effects: changes.map(changeWords),
      allowed: checks.every((c) => c.result !== 'fail'),
      arm: armOf(act, paths),
      base,
    };
  };
  if (act.kind === 'apply') {
    // a whole text is of the version that it was made from: what came since would be undone by it
    const base = act.wholeOf ?? (await client.config()).version.version;
    const text = configText(act.text);
    const answer = await client.putConfig({ text, dryRun: true, ifVersion: base, ...replacing(act) });
    return { ...planOf(answer.changes, { kind: 'valid', notes: answer.notes }, base), text };
  }
  if (act.kind === 'rollback') {
    const base = (await client.config()).version.version;
    if (act.undoes !== undefined && base !== act.active) {
      const hint = `select a version and ${keyOf('roll-back')}: its plan says what that changes`;
      throw new SqlccError('conflict', `v${base} was made meanwhile, and would be taken back too`, { hint });
    }
    const { changes } = await client.configDiff({ from: base, to: act.version });
    return planOf(changes, await verdictOf(client, { version: act.version, base }, changes), base);
  }
  throw new SqlccError('invalid_argument', `${act.kind} has no dry run`);
}

function trialWords(answer: { version: number; tentative: { expires: string } | null }, ms: number | null) {
  return answer.tentative === null || ms === null
    ? `v${answer.version} is in force`
    : `v${answer.version} is on trial for ${rough(ms)}: ${keyOf('keep-config')} keeps it`;
}

/** What a whole text does not name goes back to its default; else it stays. */
function replacing({ wholeOf }: Extract<ChangeAct, { kind: 'apply' }>): { replace?: true } {
  return wholeOf === undefined ? {} : { replace: true };
}

/** What brings `before` back after `act` put `now` in force; the way back from a rollback goes forward. */
function wayBack(act: ChangeAct, before: number, now: number): ChangeAct {
  const undoes =
    act.kind === 'rollback' && act.undoes === undefined ? ('rollback' as const) : ('change' as const);
  return { kind: 'rollback', version: before, active: now, confirmMs: null, undoes };
}

async function perform(client: DeskClient, { act, reason, base, text }: ActRequest): Promise<Acted> {
  const told = reason.trim() === '' ? {} : { reason: reason.trim() };
  const pinned = base === null ? {} : { ifVersion: base };
  const done = (words: string, undo: ChangeAct | null = null): Acted => ({ words, undo });
  switch (act.kind) {
    case 'ack': {
      const { id, incident, label } = act;
      const answer = await client.acknowledgeAlert(id, { incident });
      const { acknowledged_by: by = null, changed = false } = answer;
      // somebody else's is theirs; a node that says nothing of it may not take it back either
      if (!changed && by !== null) return done(`${label}: acknowledged by ${by} already`);
      const isOwn = changed && by !== null && incident !== undefined;
      return done(`acknowledged ${label}`, isOwn ? { kind: 'unack', id, incident, by, label } : null);
    }
    case 'unack':
      await client.alerting.unacknowledge(act.id, { incident: act.incident, by: act.by });
      return done(`${act.label}: acknowledged by nobody any more`);
    case 'silence': {
      const where = act.nodeId === null ? {} : { nodeId: act.nodeId };
      const made = await client.alerting.silence({ rule: act.rule, ...where, forMs: act.forMs, ...told });
      const label = `${act.rule}${onNode(act.nodeId)}`;
      return done(`silenced ${label} for ${rough(act.forMs)}`, { kind: 'unsilence', id: made.id, label });
    }
    case 'unsilence':
      await client.alerting.unsilence(act.id);
      return done(`the silence of ${act.label} has ended`);
    case 'apply':
    case 'rollback': {
      const { confirmMs } = act;
      const put = { ...told, ...pinned, ...(confirmMs === null ? {} : { confirmWithinMs: confirmMs }) };
      const answer =
        act.kind === 'apply'
          ? await client.putConfig({ text: text ?? configText(act.text), ...replacing(act), ...put })
          : await client.rollbackConfig(act.version, put);
      // on trial no other version is made: it comes back by itself, or K keeps it
      const isLasting = answer.tentative === null && base !== null;
      return done(trialWords(answer, confirmMs), isLasting ? wayBack(act, base, answer.version) : null);
    }
    case 'confirm': {
      await client.confirmConfig(act.version);
      const { version, previous } = act;
      return done(`v${version} stays`, previous === null ? null : wayBack(act, previous, version));
    }
    case 'pause': {
      const length = act.forMs === null ? {} : { forMs: act.forMs };
      const { pause } = await client.steering.pause({ reason: reason.trim(), ...length });
      const until = pause === null ? '' : ` until ${clockTime(Date.parse(pause.expires))}`;
      return done(`paused${until}: leadership and members stay where they are`);
    }
    case 'resume':
      await client.steering.resume(told);
      return done('resumed: leadership and members move by themselves again');
    case 'cancel': {
      const operation = await client.cancelOperation(act.id);
      return done(`operation ${operation.id}: ${operation.state}`);
    }
  }
}

/** `fleet`: the other clusters of the person's contexts; null where there is one cluster only. */
export function clientDesk(client: DeskClient, fleet: Fleet | null = null): Desk {
  return {
    contexts: fleet?.names ?? [],
    read: <K extends SliceName>({ slice, arg }: Question<K>, node: string | null = null) => {
      const through = node === null ? {} : { node };
      const work =
        slice === 'fleet'
          ? askOther(fleet, arg)
          : READS[slice as Exclude<SliceName, 'fleet'>](client, arg, through);
      return work as Promise<Slices[K]>;
    },
    preflight: (act) => preflight(client, act),
    act: (request) => perform(client, request),
  };
}
