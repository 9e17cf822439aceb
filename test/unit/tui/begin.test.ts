/** What the command line asked for is what the screen begins with. */
import { describe, expect, it } from 'vitest';
import { beginning } from '../../../tui/begin.ts';
import { rowKeys } from '../../../tui/model/lists.ts';
import { full } from './model-kit.ts';

describe('beginning', () => {
  it('opens the view, with the filter and the row that were asked for', () => {
    const begun = beginning(full(), { filter: 'zone:eu-b', node: 'n6' });
    expect([begun.view, begun.selected, rowKeys(begun)]).toEqual(['topology', 'n6', ['n3', 'n6']]);
    expect(beginning(full(), { view: 'log', node: 'n2' })).toMatchObject({ view: 'log', selected: 'n2' });
    expect(beginning(full(), {})).toEqual(full());
  });

  it('refuses a filter that its view does not know', () => {
    expect(() => beginning(full(), { view: 'events', filter: 'zone:a' })).toThrow(
      '--filter: there is no field "zone" here: node: kind:',
    );
  });
});
