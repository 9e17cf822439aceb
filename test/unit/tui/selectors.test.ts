import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareNames, quorumFacts } from '../../../tui/model/selectors.ts';
import { status } from '../../tui/recording.ts';

describe('selectors', () => {
  it('compareNames counts digits as numbers', () => {
    expect(['n10', 'n2', 'n1'].sort(compareNames)).toEqual(['n1', 'n2', 'n10']);
  });

  it('compareNames orders names as the language does', () => {
    const collator = new Intl.Collator('en', { numeric: true });
    const letters = fc.constantFrom('n', 'node-', 'db', 'N', 'ü', 'a-b-', '-', '');
    const digits = fc.constantFrom('', '0', '1', '01', '2', '10', '999999999', '9999999999', '1a');
    const name = fc.tuple(letters, digits).map((parts) => parts.join(''));
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareNames(a, b)), `${a} ${b}`).toBe(collator.compare(a, b));
      }),
      { numRuns: 1000 },
    );
  });

  it('quorumFacts names the zone whose loss would be one too many', () => {
    const facts = quorumFacts(status());
    expect(facts).toMatchObject({ voters: 5, need: 3, up: 4, spare: 1, fatalZones: ['eu-a', 'eu-b'] });
  });
});
