/** `y`: what of the selected row can be taken along: its name, the whole row, the command that shows it. */
import { shellWord } from '../../src/base/index.ts';
import { fleetRows } from './fleet.ts';
import {
  alertRows,
  electionRows,
  fleetEntries,
  happenings,
  logRows,
  operationRows,
  selectedOf,
  subjectNode,
  versionRows,
} from './lists.ts';
import type { Model } from './model.ts';
import { selectedNode, shown } from './selectors.ts';

export interface Copy {
  /** What it is, for the list and for the sentence that says where it went. */
  readonly what: string;
  readonly text: string;
}

interface Subject {
  readonly name: string;
  readonly row: unknown;
  /** What shows it without a screen. */
  readonly command: string;
}

function subjectOf(model: Model): Subject | null {
  const of = <T>(row: T | undefined, name: (row: T) => string, command: string): Subject | null =>
    row === undefined ? null : { name: name(row), row, command };
  switch (model.view) {
    case 'topology':
    case 'node': {
      const id = model.view === 'node' ? subjectNode(model) : selectedNode(model)?.node_id;
      const row = shown(model).status?.nodes.find((n) => n.node_id === id);
      return of(row, (n) => n.node_id, `sqlcc node show ${id}`);
    }
    case 'raft': {
      const row = selectedOf(model, electionRows(model), (e) => String(e.term), 'raft');
      return of(row, (e) => `term ${e.term}`, 'sqlcc events --types leader-elected');
    }
    case 'alerts': {
      const row = selectedOf(model, alertRows(model), (a) => a.id, 'alerts');
      return of(row, (a) => a.rule, `sqlcc alert explain ${row?.id}`);
    }
    case 'config': {
      const row = selectedOf(model, versionRows(model), (v) => String(v.version), 'config');
      return of(row, (v) => `v${v.version}`, `sqlcc cluster config show ${row?.version}`);
    }
    case 'events': {
      const row = selectedOf(model, happenings(model), (h) => h.key, 'events');
      if (row === undefined) return null;
      return 'event' in row
        ? { name: row.event.message, row: row.event, command: 'sqlcc events' }
        : { name: `${row.audit.action} ${row.audit.target}`, row: row.audit, command: 'sqlcc audit list' };
    }
    case 'log': {
      const line = selectedOf(model, logRows(model), (l) => l.key, 'log')?.line;
      const command = `sqlcc top --once --view log --node ${subjectNode(model)}`;
      return of(line, (l) => `${l.at} ${l.level} ${l.event} ${l.text}`, command);
    }
    case 'operations': {
      const row = selectedOf(model, operationRows(model), (o) => o.id, 'operations');
      return of(row, (o) => o.id, `sqlcc op show ${row?.id}`);
    }
    case 'fleet': {
      const row = selectedOf(model, fleetRows(fleetEntries(model)), (r) => r.context, 'fleet');
      return of(row, (r) => r.context, `sqlcc --context ${shellWord(row?.context ?? '')} cluster status`);
    }
  }
}

/** Empty where nothing is selected. */
export function copiesOf(model: Model): readonly Copy[] {
  const subject = subjectOf(model);
  if (subject === null) return [];
  return [
    { what: 'name', text: subject.name },
    { what: 'row as JSON', text: `${JSON.stringify(subject.row, null, 2)}\n` },
    { what: 'command', text: subject.command },
  ];
}
