import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../tui/model/filter.ts';
import { sixNodes } from '../../tui/recording.ts';

describe('parseFilter', () => {
  const names = (filter: string) =>
    sixNodes()
      .filter(parseFilter(filter))
      .map((n) => n.node_id);

  it('parseFilter takes words, fields, numbers, negation and patterns', () => {
    expect(names('')).toHaveLength(6);
    expect(names('state:dead')).toEqual(['n5']);
    expect(names('zone:eu-b')).toEqual(['n3', 'n6']);
    expect(names('lag>10000')).toEqual(['n4', 'n5']);
    expect(names('cpu<10')).toEqual(['n6']);
    expect(names('!zone:eu-b role:follower')).toEqual(['n2']);
    expect(names('~^n[12] ')).toEqual(['n1', 'n2']);
    expect(names('maint')).toEqual(['n6']);
    expect(names('state:!ok')).toEqual(['n3', 'n4', 'n5', 'n6']);
  });

  it('parseFilter takes nonsense as text and never throws', () => {
    expect(names('~([')).toEqual([]);
    expect(names('nothing:here')).toEqual([]);
  });
});
