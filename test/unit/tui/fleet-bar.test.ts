/** The bar of the fleet stays on its cluster, and `y` and Enter take that one. */
import { describe, expect, it } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { copiesOf } from '../../../tui/model/copies.ts';
import { cursorAt, rowKeys } from '../../../tui/model/lists.ts';
import type { Message } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import { failureOf } from '../../../tui/patience.ts';
import { status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { full, press, pressed, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const key = (name: string, mono: number): Message => ({ type: 'key', key: { name, burst: 1 }, mono });

function underBar(model: Model): string | undefined {
  const keys = rowKeys(model);
  return keys[cursorAt(model, keys)];
}

function told(context: string, health: 'healthy' | 'critical'): Message {
  const { cluster } = status();
  const value = status({ cluster: { ...cluster, name: context, health } });
  return { type: 'answer', question: { slice: 'fleet', arg: context }, value, now: 0 };
}

function goesTo(model: Model, mono: number): string[] {
  return send(model, key('enter', mono))[1].flatMap((e) => (e.kind === 'context' ? [e.name] : []));
}

describe('the bar of the fleet', () => {
  it('y copies the cluster under it: name, the whole row, and a command that names it', () => {
    const seen = full({ view: 'fleet' });
    expect(underBar(seen)).toBe('dr-site');
    const [name, row, command] = copiesOf(seen);
    expect(name?.text).toBe('dr-site');
    expect(JSON.parse(row?.text ?? '')).toMatchObject({ context: 'dr-site', health: 'critical', voters: 3 });
    expect(command?.text).toBe('sqlcc --context dr-site cluster status');
    expect(copiesOf(press(full(), '8', 'j'))[0]?.text).toBe('staging');
  });

  it('of a line of the log the command is offered that prints the log of its node', () => {
    const log = copiesOf(full({ view: 'log', selected: 'n1' }));
    expect(log.map((c) => c.what)).toEqual(['name', 'row as JSON', 'command']);
    expect(log[2]?.text).toBe('sqlcc top --once --view log --node n1');
  });

  it('has a sign beside each word of health, and a filter by that word', () => {
    const seen = full({ view: 'fleet' });
    for (const [columns, rows] of SIZES) {
      const text = screenText(seen, columns, rows);
      expect(text).toMatch(/dr-site +!! critical/);
      expect(text).toMatch(/staging +✖ {2}unreachable/);
      expect(text).toMatch(/prod-eu +! {2}degraded/);
      expect(text).toMatch(/prod-us +✓ {2}healthy/);
    }
    const filtered = (text: string): readonly string[] => rowKeys(press(seen, '/', ...text, 'enter'));
    expect(filtered('health:critical')).toEqual(['dr-site']);
    expect(filtered('health:!healthy')).toEqual(['dr-site', 'staging', 'prod-eu']);
    expect(filtered('alerts>0'), 'of one that does not answer nothing is known').toEqual([
      'dr-site',
      'prod-eu',
    ]);
    expect(filtered('name:prod')).toEqual(['prod-eu', 'prod-us']);
    expect(filtered('prod-us')).toEqual(['prod-us']);
  });

  it('stays on its cluster when another becomes sicker, and Enter goes to that one', () => {
    const seen = press(full(), '8');
    const worse = send(seen, told('dr-site', 'healthy'), told('prod-us', 'critical'))[0];
    expect(rowKeys(worse)[0]).toBe('prod-us');
    expect(underBar(worse)).toBe('dr-site');
    expect(goesTo(worse, worse.mono + 1000)).toEqual(['dr-site']);
  });

  it('is on the sickest until all have answered, and Enter does not hit one that has just come', () => {
    const asked = press({ ...full(), picture: { ...full().picture, answers: {} } }, '8');
    const answered = send(asked, ...['prod-eu', 'staging', 'prod-us'].map((c) => told(c, 'healthy')))[0];
    expect(underBar(answered), 'of the last nothing is known').toBe('dr-site');
    const [first] = send(asked, told('staging', 'critical'));
    expect(underBar(first)).toBe('staging');
    expect(goesTo(first, first.mono + 399)).toEqual([]);
    expect(send(first, key('enter', first.mono + 399))[0].toast?.text).toContain(
      'staging has only just come',
    );
    expect(goesTo(first, first.mono + 400)).toEqual(['staging']);
    expect(pressed(first, 'enter')[1], 'a person who looked first').toHaveLength(1);
  });

  it('tells why one does not answer without the place that a connection never had', () => {
    const told = 'connect ENETUNREACH 10.9.9.9:15434 - Local (0.0.0.0:0)';
    expect(failureOf(new SqlccError('unavailable', told)).message).toBe('connect ENETUNREACH 10.9.9.9:15434');
  });
});
