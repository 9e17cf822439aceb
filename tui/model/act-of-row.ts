/** What an action would change, from the row under the bar. */
import { plural } from '../../src/base/index.ts';
import { age } from '../format/words.ts';
import type { Binding } from '../keymap.ts';
import { type ChangeAct, onNode } from './change-plan.ts';
import {
  alertRows,
  answerOf,
  cursorAt,
  operationRows,
  selectedOf,
  silenceScope,
  versionRows,
} from './lists.ts';
import type { Model } from './model.ts';
import { shown } from './selectors.ts';

/** Null where the row has nothing that the action could change. */
export function actOf(model: Model, binding: Binding): ChangeAct | null {
  switch (binding.id) {
    case 'ack':
    case 'silence':
    case 'unsilence':
      return model.view === 'alerts' ? alertAct(model, binding.id) : null;
    case 'apply-config':
      return { kind: 'apply', text: '', confirmMs: null };
    case 'roll-back': {
      const rows = versionRows(model);
      const chosen =
        rows[
          cursorAt(
            model,
            rows.map((v) => String(v.version)),
          )
        ];
      const active = shown(model).status?.config.version ?? 0;
      if (chosen === undefined) return null;
      return { kind: 'rollback', version: chosen.version, active, confirmMs: null };
    }
    case 'keep-config': {
      const trial = shown(model).status?.config.tentative;
      if (trial == null) return null;
      return { kind: 'confirm', version: trial.version, previous: trial.previous };
    }
    case 'cancel-operation': {
      const rows = operationRows(model);
      const chosen =
        rows[
          cursorAt(
            model,
            rows.map((o) => o.id),
          )
        ];
      if (chosen === undefined) return null;
      return { kind: 'cancel', id: chosen.id, what: `${chosen.kind} ${chosen.id}` };
    }
    default:
      return null;
  }
}

function alertAct(model: Model, what: 'ack' | 'silence' | 'unsilence'): ChangeAct | null {
  const rows = alertRows(model);
  const chosen = selectedOf(model, rows, (a) => a.id, 'alerts');
  if (chosen === undefined) return null;
  const label = `${chosen.rule}${onNode(chosen.node_id)}`;
  if (what === 'ack') return { kind: 'ack', id: chosen.id, incident: chosen.incident, label };
  if (what === 'silence')
    return { kind: 'silence', rule: chosen.rule, nodeId: chosen.node_id, forMs: 3_600_000 };
  if (chosen.silenced_by != null) return endOfSilence(model, chosen.silenced_by);
  const { id, incident, acknowledged_by: by } = chosen;
  return by === null || incident === undefined ? null : { kind: 'unack', id, incident, by, label };
}

/** The end of a silence, which may be of more than the alert under the bar. */
function endOfSilence(model: Model, id: string): ChangeAct {
  const picture = shown(model);
  const silence = answerOf(picture, 'silences')?.value?.find((s) => s.id === id);
  const silent = picture.alerts.filter((a) => a.silenced_by === id);
  const names = silent.map((a) => `${a.rule}${onNode(a.node_id)}`).join(', ');
  const ends = [`${plural(silent.length, 'alert')} silent by it: ${names}`];
  if (silence === undefined)
    return { kind: 'unsilence', id, label: id, ends: [...ends, 'what else it is of is not known'] };
  const left = age(Math.max(0, Date.parse(silence.until) - model.now));
  const why = silence.reason === '' ? '' : `: ${silence.reason}`;
  const by = `by ${silence.by}, ${left} left${why}`;
  return { kind: 'unsilence', id, label: silenceScope(silence), ends: [by, ...ends] };
}
