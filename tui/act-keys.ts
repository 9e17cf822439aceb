/** Keys that can begin a change of the cluster, and why each is closed where it is. Capital letters only. */
import type { BindingRow as Row } from './binding.ts';
import { keyOf } from './key-names.ts';
import { refusal } from './model/gate.ts';
import { alertRows, operationRows, selectedOf, versionRows } from './model/lists.ts';
import type { Deniable, Model } from './model/model.ts';
import { shown } from './model/selectors.ts';
import { noCluster, noReplacementOf, noSubject, subjectOf } from './model/subject.ts';
import { justMoved } from './model/under-bar.ts';
import { noConfigUndo, undoOf } from './model/undo.ts';
import { VIEW_IDS } from './model/views.ts';

/** Why nothing can be done with the selected row of this view; null = something can. */
function noAlert(model: Model): string | null {
  const rows = alertRows(model);
  return rows.length === 0 ? 'there is no alert to act on' : null;
}

function notAckable(model: Model): string | null {
  const rows = alertRows(model);
  const chosen = selectedOf(model, rows, (a) => a.id, 'alerts');
  if (chosen === undefined) return 'there is no alert to act on';
  if (chosen.state !== 'firing') return `${chosen.rule} no longer fires`;
  if (chosen.acknowledged_by !== null) return `acknowledged by ${chosen.acknowledged_by} already`;
  return justMoved(model, chosen);
}

function notSilenced(model: Model): string | null {
  if (undoOf(model) !== null) return null;
  // elsewhere nobody sees which alert the bar is on
  if (model.view !== 'alerts')
    return `nothing was changed here just now; the alerts are in ${keyOf('view:alerts')}`;
  const rows = alertRows(model);
  const chosen = selectedOf(model, rows, (a) => a.id, 'alerts');
  if (chosen?.silenced_by != null) return null;
  if (chosen?.acknowledged_by == null) return 'the selected alert is neither silenced nor acknowledged';
  if (chosen.state !== 'firing') return `${chosen.rule} no longer fires`;
  return chosen.incident === undefined ? 'the node does not say which incident it is' : null;
}

function noOldVersion(model: Model): string | null {
  const rows = versionRows(model);
  const chosen = selectedOf(model, rows, (v) => String(v.version), 'config');
  if (chosen === undefined) return 'versions are not known yet';
  return chosen.is_active ? 'this version is in force: select an older one' : null;
}

function noTrial(model: Model): string | null {
  return shown(model).status?.config.tentative == null ? 'no configuration is on trial' : null;
}

function noTrialHere(model: Model): string | null {
  return noCluster(model) ?? noTrial(model);
}

function notRunning(model: Model): string | null {
  const rows = operationRows(model);
  const chosen = selectedOf(model, rows, (o) => o.id, 'operations');
  return chosen?.state === 'running' ? null : 'the selected operation does not run';
}

/** What a node asks for where the keys work in every view. */
function noNodeHere(model: Model): string | null {
  return noCluster(model) ?? noSubject(model);
}

function noSpare(model: Model): string | null {
  const chosen = subjectOf(model);
  if (chosen === undefined) return noSubject(model);
  return noReplacementOf(model, chosen);
}

/** First the gate and the rights that `thing` asks for, then what the row under the bar allows. */
function closed(thing: Deniable, reason?: (model: Model) => string | null): (model: Model) => string | null {
  return (model) => refusal(model, thing) ?? reason?.(model) ?? null;
}

/** `U` does what there is to take back, and needs the rights of that. */
function closedUndo(otherwise: Deniable, reason: (model: Model) => string | null) {
  return (model: Model): string | null =>
    refusal(model, undoOf(model)?.kind ?? otherwise) ?? reason(model) ?? null;
}

/** `armOf` decides it. */
const RAFT = 'where `raft.*` changes';

export const ACT_KEYS: readonly Row[] = [
  {
    id: 'failover',
    group: 'ACT',
    keys: ['F'],
    label: 'F',
    help: 'fail over: plan, then type the target to confirm',
    short: 'failover',
    level: 3,
    disabled: closed('failover', noCluster),
  },
  {
    id: 'step-down',
    group: 'ACT',
    keys: ['D'],
    label: 'D',
    help: 'step down: the leader hands over to the best candidate',
    short: 'step down',
    level: 2,
    disabled: closed('step-down', noCluster),
  },
  {
    id: 'maintenance',
    group: 'ACT',
    keys: ['M'],
    label: 'M',
    help: 'maintenance of the node under the bar on or off',
    short: 'maint',
    level: 2,
    disabled: closed('maintenance', noNodeHere),
  },
  {
    id: 'drain',
    group: 'ACT',
    keys: ['E'],
    label: 'E',
    help: 'drain the selected node: clients go elsewhere; again: they may come back',
    short: 'drain',
    level: 2,
    views: ['topology', 'node'],
    disabled: closed('drain', noSubject),
  },
  {
    id: 'remove-node',
    group: 'ACT',
    keys: ['O'],
    label: 'O',
    help: 'take the selected node out of the cluster for good',
    short: 'remove',
    level: 3,
    views: ['topology', 'node'],
    disabled: closed('remove-node', noSubject),
  },
  {
    id: 'replace-node',
    group: 'ACT',
    keys: ['W'],
    label: 'W',
    help: 'give the place of the selected voter to a node that follows without a vote',
    short: 'replace',
    level: 3,
    views: ['topology', 'node'],
    disabled: closed('replace-node', noSpare),
  },
  {
    id: 'ack',
    group: 'ACT',
    keys: ['A'],
    label: 'A',
    help: 'acknowledge the selected alert',
    short: 'ack',
    level: 1,
    views: ['alerts'],
    disabled: closed('ack', notAckable),
  },
  {
    id: 'silence',
    group: 'ACT',
    keys: ['S'],
    label: 'S',
    help: 'silence what the selected alert says',
    short: 'silence',
    level: 2,
    views: ['alerts'],
    disabled: closed('silence', noAlert),
  },
  {
    id: 'unsilence',
    group: 'ACT',
    keys: ['U'],
    label: 'U',
    help: 'undo the last change while its toast shows, else end the silence or the acknowledgement',
    short: 'unsilence',
    level: 2,
    views: VIEW_IDS.filter((id) => id !== 'config'),
    disabled: closedUndo('unsilence', notSilenced),
  },
  {
    id: 'apply-config',
    group: 'ACT',
    keys: ['C'],
    label: 'C',
    help: 'apply a configuration: key=value, or @file',
    short: 'apply',
    level: 2,
    named: RAFT,
    views: ['config'],
    disabled: closed('apply'),
  },
  {
    id: 'roll-back',
    group: 'ACT',
    keys: ['B'],
    label: 'B',
    help: 'roll back to the selected version',
    short: 'roll back',
    level: 2,
    named: RAFT,
    views: ['config'],
    disabled: closed('rollback', noOldVersion),
  },
  {
    id: 'undo-config',
    group: 'ACT',
    keys: ['U'],
    label: 'U',
    help: 'undo what you changed last: the version before it, forward again after a rollback',
    short: 'undo',
    level: 2,
    named: RAFT,
    views: ['config'],
    disabled: closedUndo('rollback', noConfigUndo),
  },
  {
    id: 'keep-config',
    group: 'ACT',
    keys: ['K'],
    label: 'K',
    help: 'keep the configuration that is on trial',
    short: 'keep',
    level: 2,
    disabled: closed('confirm', noTrialHere),
  },
  {
    id: 'cancel-operation',
    group: 'ACT',
    keys: ['X'],
    label: 'X',
    help: 'cancel the selected operation',
    short: 'cancel',
    level: 2,
    views: ['operations'],
    disabled: closed('cancel', notRunning),
  },
];
