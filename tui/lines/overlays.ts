/** Help, made from the keymap, and everything known about one node. */

import type { NodeRow } from '../feed/wire.ts';
import { sparkline } from '../format/chart.ts';
import { clean, fitText } from '../format/width.ts';
import { age, clockTime, count, millis, percent } from '../format/words.ts';
import { bindingsOf, type Group } from '../keymap.ts';
import { nodeState } from '../model/node-state.ts';
import { shown } from '../model/selectors.ts';
import { type Line, span } from '../theme/tokens.ts';
import type { DialogText } from './action-dialog.ts';
import type { View } from './view.ts';

const GROUPS: readonly Group[] = ['ACT', 'FIND', 'LOOK', 'MOVE', 'APP'];

/** Every key that works now, grouped; what is closed says why. */
export function helpText(view: View, scroll: number): DialogText {
  const lines = GROUPS.flatMap((group) =>
    bindingsOf('main')
      .filter((b) => b.group === group)
      .map((b, i): Line => {
        const why = b.disabled?.(view.model) ?? null;
        return [
          span(fitText(i === 0 ? group : '', 6), 'muted'),
          span(fitText(b.label, 9), b.level === undefined ? 'key' : 'critical'),
          span(b.help, why === null ? 'plain' : 'muted'),
          span(why === null ? '' : ` (closed: ${clean(why)})`, 'warning'),
        ];
      }),
  );
  const rule: Line = [span('Only capital letters can change the cluster, and they ask first.', 'muted')];
  return {
    title: [span('Help', 'title'), span(' keys that work here', 'muted')],
    lines: [...lines, rule].slice(Math.min(scroll, lines.length)),
    edge: 'focus',
    hint: '↑↓ scroll  Esc close',
  };
}

function pair(label: string, value: string): Line {
  return [span(`${fitText(label, 13)} `, 'muted'), span(value)];
}

/** What a node is and how it does, one fact a line. */
function facts(row: NodeRow, view: View, width: number): Line[] {
  const { model, symbols } = view;
  const { dot } = symbols;
  const join = (...parts: readonly string[]): string => parts.join(` ${dot} `);
  const checked = row.last_check === null ? 'never' : `${age(model.now - Date.parse(row.last_check))} ago`;
  const heard = row.last_heartbeat_ms === null ? 'never' : `${millis(row.last_heartbeat_ms)} ms ago`;
  const labels = Object.entries(row.metadata).map(([k, v]) => `${clean(k)}=${clean(v)}`);
  const uptime = row.uptime_ms === null ? '—' : age(row.uptime_ms);
  const p95 = `query p95 ${millis(row.query_latency_p95_ms)} ms`;
  const samples = shown(model).samples[row.node_id] ?? [];
  const cells = Math.min(60, Math.max(10, width - 18));
  return [
    pair('address', join(`${clean(row.host)}:${row.port}`, `clients ${row.client_port}`, clean(row.version))),
    pair('raft', join(row.role ?? 'unknown', row.voter ? 'voter' : 'no vote', `term ${row.term ?? '—'}`)),
    pair('log', join(count(row.match_index), `lag ${count(row.lag_entries)} entries`)),
    pair('liveness', join(row.liveness, `heard ${heard}`, `round trip ${millis(row.rtt_ms)} ms`)),
    pair('health', join(row.health.toLowerCase(), `checked ${checked}`, ...row.issues.map(clean))),
    ...maintenanceFact(row, view),
    pair('cpu', `${percent(row.cpu_usage)} %`),
    pair('memory, disk', join(`${percent(row.memory_usage)} %`, `${percent(row.disk_usage)} %`)),
    pair('clients', join(`${count(row.active_connections)} connections`, p95, `up ${uptime}`)),
    ...(labels.length > 0 ? [pair('labels', labels.join(' '))] : []),
    pair('cpu, 60 s', sparkline(samples, cells, symbols.ascii)),
  ];
}

function maintenanceFact(row: NodeRow, view: View): Line[] {
  const { maintenance } = row;
  if (maintenance === null) return [];
  const left = age(Date.parse(maintenance.expires) - view.model.now);
  return [
    pair('maintenance', `by ${clean(maintenance.owner)}, ends in ${left}: ${clean(maintenance.reason)}`),
  ];
}

export function detailText(view: View, nodeId: string, width: number): DialogText {
  const { model, symbols } = view;
  const picture = shown(model);
  const hint = '↑↓ other node  Esc close';
  const row = picture.status?.nodes.find((n) => n.node_id === nodeId);
  const name = span(clean(nodeId), 'title');
  if (row === undefined) {
    return { title: [name], lines: [[span('gone from the cluster', 'muted')]], edge: 'focus', hint };
  }
  const state = nodeState(row, model.now);
  const place = ` ${symbols.dot} ${clean(row.zone) || 'no zone'} ${symbols.dot} `;
  const recent = picture.events
    .filter((e) => e.node_id === nodeId)
    .slice(-4)
    .reverse()
    .map((e): Line => [span(`${clockTime(e.at)} `, 'muted'), span(clean(e.message))]);
  return {
    title: [name, span(place, 'muted'), span(state.word, state.token)],
    lines: [...facts(row, view, width), [], ...recent],
    edge: 'focus',
    hint,
  };
}
