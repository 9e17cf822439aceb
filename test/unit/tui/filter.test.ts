import { describe, expect, it } from 'vitest';
import { must } from '../../../src/base/index.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import { parseFilter } from '../../../tui/model/filter.ts';
import { fieldsOf, NODE_FIELDS } from '../../../tui/model/filter-fields.ts';
import { alertRows, diffPair, happenings, logRows } from '../../../tui/model/lists.ts';
import { visibleNodes } from '../../../tui/model/selectors.ts';
import { VIEWS } from '../../../tui/model/views.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { sixNodes } from '../../tui/recording.ts';
import { full, press } from './model-kit.ts';

describe('parseFilter', () => {
  const names = (filter: string) =>
    sixNodes()
      .filter(parseFilter(filter, NODE_FIELDS).test)
      .map((n) => n.node_id);

  it('parseFilter takes words, fields, numbers, negation and patterns', () => {
    expect(names('')).toHaveLength(6);
    expect(names('state:dead')).toEqual(['n5']);
    expect(names('zone:eu-b')).toEqual(['n3', 'n6']);
    expect(names('lag>10000')).toEqual(['n4']);
    expect(names('cpu<10')).toEqual(['n6']);
    expect(names('!zone:eu-b role:follower')).toEqual(['n2']);
    expect(names('~^n[12] ')).toEqual(['n1', 'n2']);
    expect(names('maint')).toEqual(['n6']);
    expect(names('state:!ok')).toEqual(['n3', 'n4', 'n5', 'n6']);
  });

  it.each([
    ['~([', '~([ is no regular expression'],
    ['nothing:here', 'there is no field "nothing" here: name: zone:'],
    ['n1 state:', 'state: wants a word'],
    ['!lag>', 'lag> wants a number, such as lag>10'],
    ['speed>3', 'there is no number "speed" here: name:'],
  ])('parseFilter lets nothing through by %s and says why', (text, words) => {
    expect(names(text)).toEqual([]);
    expect(parseFilter(text, NODE_FIELDS).wrong).toContain(words);
  });
});

describe('the filter in each view', () => {
  const filtered = (view: 'events' | 'log' | 'alerts', text: string) =>
    full({ view, selected: 'n1', filter: { text, editing: false } });
  const events = (text: string) =>
    happenings(filtered('events', text)).map((h) => ('event' in h ? h.event.kind : h.audit.action));

  it('finds events by pattern, contrary, node, kind, level and who', () => {
    const all = happenings(filtered('events', ''));
    const inEvents = all.filter((h) => 'event' in h);
    expect(inEvents.length).toBeGreaterThan(3);
    const { event } = inEvents[0] as Extract<(typeof all)[number], { event: unknown }>;
    const sameKind = inEvents.filter((h) => 'event' in h && h.event.kind === event.kind);
    expect(events(`kind:${event.kind}`)).toHaveLength(sameKind.length);
    expect(events(`!kind:${event.kind}`)).toHaveLength(all.length - sameKind.length);
    expect(events(`~^${event.node_id}.${event.kind}`).length).toBeGreaterThan(0);
    expect(events(`node:${event.node_id}`)).toContain(event.kind);
    expect(events('level:warning').length).toBeGreaterThan(0);
    expect(events('severity:warning')).toEqual(events('level:warning'));
    const audit = all.find((h) => 'audit' in h);
    if (audit === undefined || !('audit' in audit)) throw new Error('no audit');
    expect(events(`who:${audit.audit.actor}`)).toContain(audit.audit.action);
    expect(events('kind:nothing-of-that-kind')).toEqual([]);
  });

  it('finds alerts by severity and lines of the log by level', () => {
    const seen = full();
    const [worse, ...others] = seen.picture.alerts;
    const alerts = [{ ...must(worse, 'an alert'), severity: 'critical' as const }, ...others];
    const matching = (text: string) =>
      alertRows({ ...filtered('alerts', text), picture: { ...seen.picture, alerts } });
    expect(others.length).toBeGreaterThan(0);
    expect(matching('severity:critical')).toEqual(alerts.slice(0, 1));
    expect(matching('severity:warning').map((a) => a.id)).toEqual(others.map((a) => a.id));
    const warnings = logRows(filtered('log', '')).filter(({ line }) => line.level === 'WARN');
    expect(warnings.length).toBeGreaterThan(0);
    expect(logRows(filtered('log', 'level:warning'))).toEqual(warnings);
  });

  const screenText = (model: ReturnType<typeof full>): string => {
    const { bands, foot, overlay } = screenOf({ model, symbols: UNICODE }, 120, 60);
    const rows = [...bands.flatMap((b) => b.panes.flatMap((p) => p.rows)), foot, ...(overlay?.rows ?? [])];
    return rows.map((r) => textOf(r.line)).join('\n');
  };

  it.each(['topology', 'events', 'log', 'alerts', 'operations'] as const)(
    'says in %s which field it does not know, while it is written and after',
    (view) => {
      const words = 'there is no field "foo" here';
      const text = 'foo:bar';
      expect(screenText(full({ view, filter: { text, editing: true } }))).toContain(words);
      expect(screenText(full({ view, filter: { text, editing: false } }))).toContain(words);
    },
  );

  it.each(VIEWS.map((v) => v.id))('is told by help in %s with its fields', (view) => {
    const fields = fieldsOf(view);
    if (fields === null) return expect(view).toBe('node');
    expect(screenText(press(full({ view }), '?')).replaceAll(/[\s│]+/g, ' ')).toContain(`here: ${fields}`);
  });
});

describe('a filter chooses rows and changes no history', () => {
  const shownIn = (view: 'raft' | 'config', text: string): string[] => {
    const model = { ...full({ view }), filter: { text, editing: false } };
    const { bands } = screenOf({ model, symbols: UNICODE }, 120, 36);
    return bands.flatMap((b) => b.panes.flatMap((p) => p.rows.map((r) => textOf(r.line))));
  };
  const terms = (rows: readonly string[]) => {
    const first = rows.findIndex((row) => row.includes(' Terms '));
    return rows.slice(first, rows.findIndex((row) => row.includes('led ')) + 1);
  };

  it('the terms, and for how long somebody led, are of every election', () => {
    const all = terms(shownIn('raft', ''));
    expect(all.join('\n')).toMatch(/t7 [\s\S]*t8 [\s\S]*t9 [\s\S]*led \d/);
    for (const text of ['n2', 'term<9', 'nothing-like-it']) {
      const rows = shownIn('raft', text);
      expect(rows.join('\n'), text).not.toMatch(/n5 heartbeat lost[\s\S]*transfer by anna/);
      expect(terms(rows), text).toEqual(all);
    }
  });

  it('a version is compared with the one before it, listed or not', () => {
    expect(diffPair({ ...full({ view: 'config' }), filter: { text: 'v41', editing: false } })).toBe('40..41');
    expect(diffPair({ ...full({ view: 'config' }), filter: { text: 'v39', editing: false } })).toBeNull();
    const rows = shownIn('config', 'v41').join('\n');
    expect(rows).toContain('v40 → v41');
    expect(rows).not.toContain('superseded');
    expect(shownIn('config', 'v39').join('\n')).toContain('the oldest that is kept: all of it');
    expect(shownIn('config', 'nothing-like-it').join('\n')).toContain('none is selected');
  });

  it('the version that others are compared with may be left out by the filter', () => {
    const model = { ...full({ view: 'config' }), diffBase: 39, filter: { text: 'v41', editing: false } };
    expect(diffPair(model)).toBe('39..41');
  });

  it('figures of a dead node are found no more than they are shown', () => {
    const base = full();
    const rows = (text: string) =>
      visibleNodes({ ...base, filter: { text, editing: false } }).map((n) => n.node_id);
    expect(base.picture.status?.nodes.find((n) => n.node_id === 'n5')?.lag_entries).toBeGreaterThan(500);
    expect(rows('lag>500').toSorted()).toEqual(['n3', 'n4']);
    expect(rows('term<9')).toEqual(['n5']);
  });
});
