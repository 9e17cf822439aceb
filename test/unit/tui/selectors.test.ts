import { describe, expect, it } from 'vitest';
import { compareNames, quorumFacts } from '../../../tui/model/selectors.ts';
import { status } from '../../tui/recording.ts';

describe('selectors', () => {
  it('compareNames counts digits as numbers', () => {
    expect(['n10', 'n2', 'n1'].sort(compareNames)).toEqual(['n1', 'n2', 'n10']);
  });

  it('quorumFacts names the zone whose loss would be one too many', () => {
    const facts = quorumFacts(status());
    expect(facts).toMatchObject({ voters: 5, need: 3, up: 4, spare: 1, fatalZones: ['eu-a', 'eu-b'] });
  });
});
