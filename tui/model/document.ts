/** `J`: what a view shows as one JSON document: rows as the API names them, whose view, of when. */
import {
  alertRows,
  answerOf,
  electionRows,
  fleetEntries,
  happenings,
  logRows,
  operationRows,
  subjectNode,
  versionRows,
} from './lists.ts';
import type { Model } from './model.ts';
import { shown, visibleNodes } from './selectors.ts';
import type { ViewId } from './views.ts';

/** Rows that the filter lets through, in the order shown; with what stands beside them. */
const CONTENT: Readonly<Record<ViewId, (model: Model) => object>> = {
  topology: (m) => ({
    nodes: visibleNodes(m),
    alerts: shown(m).alerts,
    views: shown(m).views?.views ?? null,
  }),
  raft: (m) => ({ elections: electionRows(m), links: answerOf(shown(m), 'links')?.value ?? null }),
  alerts: (m) => ({ alerts: alertRows(m), silences: answerOf(shown(m), 'silences')?.value ?? null }),
  config: (m) => ({ versions: versionRows(m), pending: answerOf(shown(m), 'pending')?.value ?? null }),
  events: (m) => ({
    lines: happenings(m).map((row) =>
      'event' in row ? { ...row.event, times: row.times } : { audit: row.audit },
    ),
  }),
  log: (m) => ({ node_id: subjectNode(m), lines: logRows(m).map(({ line }) => line) }),
  operations: (m) => ({ operations: operationRows(m) }),
  fleet: (m) => ({ clusters: fleetEntries(m) }),
  node: (m) => ({ node: shown(m).status?.nodes.find((n) => n.node_id === subjectNode(m)) ?? null }),
};

/** What JSON leaves as it is and a terminal or a pager obeys, or nobody sees. */
const UNSEEN = /[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

export function viewDocument(model: Model): { readonly name: string; readonly text: string } {
  const { status, statusAt } = shown(model);
  const at = model.past?.at ?? statusAt;
  const document = {
    schema: 'sqlcc.view/1',
    view: model.view,
    cluster: status?.cluster.name ?? model.clusterName,
    observer: status?.cluster.read.node_id ?? null,
    as_of: status === null ? null : new Date(at).toISOString(),
    filter: model.filter.text,
    ...CONTENT[model.view](model),
  };
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const text = JSON.stringify(document, null, 2).replace(UNSEEN, escaped);
  return { name: model.view, text: `${text}\n` };
}
