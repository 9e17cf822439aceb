/** Help, made from the keymap, and everything known about one node. */
import { sparkline } from '../format/chart.ts';
import { clean, fit } from '../format/width.ts';
import { age, clockTime, count, millis, percent } from '../format/words.ts';
import { bindingsOf, type Group } from '../keymap.ts';
import { nodeState } from '../model/node-state.ts';
import { shown } from '../model/selectors.ts';
import { type Line, span } from '../theme/tokens.ts';
import type { DialogText } from './action-dialog.ts';
import type { View } from './view.ts';

const GROUPS: readonly Group[] = ['MOVE', 'FIND', 'LOOK', 'ACT', 'APP'];

/** Every key that works now, grouped; what is closed says why. */
export function helpText(view: View, scroll: number): DialogText {
  const lines = GROUPS.flatMap((group) =>
    bindingsOf('main')
      .filter((b) => b.group === group)
      .map((b, i): Line => {
        const why = b.disabled?.(view.model) ?? null;
        return [
          span(fit(i === 0 ? group : '', 6), 'muted'),
          span(fit(b.label, 9), b.level === undefined ? 'key' : 'critical'),
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
  return [span(`${fit(label, 13)} `, 'muted'), span(value)];
}

export function detailText(view: View, nodeId: string, width: number): DialogText {
  const { model, symbols } = view;
  const picture = shown(model);
  const row = picture.status?.nodes.find((n) => n.node_id === nodeId);
  if (row === undefined) {
    return { title: [span(clean(nodeId), 'title')], lines: [[span('gone from the cluster', 'muted')]], edge: 'focus', hint: 'Esc close' };
  }
  const state = nodeState(row, model.now);
  const { dot } = symbols;
  const uptime = row.uptime_ms === null ? '—' : age(row.uptime_ms);
  const checked = row.last_check === null ? 'never' : `${age(model.now - Date.parse(row.last_check))} ago`;
  const labels = Object.entries(row.metadata).map(([k, v]) => `${clean(k)}=${clean(v)}`);
  const maintenance: Line[] =
    row.maintenance === null
      ? []
      : [pair('maintenance', `by ${clean(row.maintenance.owner)}, until ${clockTime(row.maintenance.expires)}: ${clean(row.maintenance.reason)}`)];
  const recent = picture.events.filter((e) => e.node_id === nodeId).slice(-4).reverse();
  return {
    title: [span(clean(nodeId), 'title'), span(` ${dot} ${clean(row.zone) || 'no zone'} ${dot} `, 'muted'), span(state.word, state.token)],
    lines: [
      pair('address', `${clean(row.host)}:${row.port} ${dot} clients ${row.client_port} ${dot} ${clean(row.version)}`),
      pair('raft', `${row.role ?? 'unknown'} ${dot} ${row.voter ? 'voter' : 'no vote'} ${dot} term ${row.term ?? '—'}`),
      pair('log', `${count(row.match_index)} ${dot} lag ${count(row.lag_entries)} entries`),
      pair('liveness', `${row.liveness} ${dot} heard ${row.last_heartbeat_ms === null ? 'never' : `${millis(row.last_heartbeat_ms)} ms ago`} ${dot} round trip ${millis(row.rtt_ms)} ms`),
      pair('health', `${row.health.toLowerCase()} ${dot} checked ${checked}${row.issues.length > 0 ? ` ${dot} ${row.issues.map(clean).join('; ')}` : ''}`),
      ...maintenance,
      pair('load', `cpu ${percent(row.cpu_usage)} % ${dot} memory ${percent(row.memory_usage)} % ${dot} disk ${percent(row.disk_usage)} %`),
      pair('clients', `${count(row.active_connections)} connections ${dot} query p95 ${millis(row.query_latency_p95_ms)} ms ${dot} up ${uptime}`),
      ...(labels.length > 0 ? [pair('labels', labels.join(' '))] : []),
      pair('cpu, 60 s', sparkline(picture.samples[nodeId] ?? [], Math.min(60, Math.max(10, width - 18)), symbols.ascii)),
      [],
      ...recent.map((e): Line => [span(`${clockTime(e.at)} `, 'muted'), span(clean(e.message))]),
    ],
    edge: 'focus',
    hint: '↑↓ other node  Esc close',
  };
}
