import { describe, expect, it } from 'vitest';
import { Admission, type Place } from '../../../src/rpc/admission.ts';

const limits = { connections: 10, handshakesPerAddress: 2, unauthenticatedPerAddress: 4 };

function enter(admission: Admission, address: string): Place {
  const place = admission.enter(address);
  if (place === null) throw new Error(`${address} was refused`);
  return place;
}

describe('Admission', () => {
  it('lets the third handshake of one address wait for its turn, not one of another', () => {
    const admission = new Admission(limits);
    const begun: string[] = [];
    const places = ['a', 'b', 'c', 'd'].map((name) => {
      const place = enter(admission, name === 'd' ? 'other' : 'one');
      place.begin(() => begun.push(name));
      return place;
    });
    expect(begun).toEqual(['a', 'b', 'd']);
    places[0]?.secured();
    places[0]?.secured();
    expect(begun).toEqual(['a', 'b', 'd', 'c']);
  });

  it('does not begin the handshake of a connection that left while it waited', () => {
    const admission = new Admission(limits);
    const begun: string[] = [];
    const places = ['a', 'b', 'c', 'd'].map((name) => {
      const place = enter(admission, 'one');
      place.begin(() => begun.push(name));
      return place;
    });
    places[2]?.closed();
    places[0]?.closed();
    expect(begun).toEqual(['a', 'b', 'd']);
  });

  it('refuses the fifth connection that nobody authenticated', () => {
    const admission = new Admission(limits);
    const places = [1, 2, 3, 4].map(() => {
      const place = enter(admission, 'a');
      place.secured();
      return place;
    });
    expect(admission.enter('a')).toBeNull();
    places[0]?.authenticated();
    expect(admission.enter('a')).not.toBeNull();
  });

  it('refuses everybody above the connections of the whole server', () => {
    const admission = new Admission(limits);
    for (let i = 0; i < 10; i++) enter(admission, `address ${i}`);
    expect(admission.enter('one more')).toBeNull();
  });

  it('forgets a connection once, however often its end is told', () => {
    const admission = new Admission(limits);
    const place = enter(admission, 'a');
    enter(admission, 'a');
    place.authenticated();
    place.closed();
    place.closed();
    place.secured();
    expect(admission.connections).toBe(1);
    for (let i = 0; i < 3; i++) expect(admission.enter('a')).not.toBeNull();
    expect(admission.enter('a')).toBeNull();
  });
});
