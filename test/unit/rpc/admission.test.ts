import { describe, expect, it } from 'vitest';
import { Admission, type Place } from '../../../src/rpc/admission.ts';

const limits = { connections: 10, handshakesPerAddress: 2, unauthenticatedPerAddress: 4 };

function enter(admission: Admission, address: string): Place {
  const place = admission.enter(address);
  if (place === null) throw new Error(`${address} was refused`);
  return place;
}

describe('Admission', () => {
  it('refuses the third handshake of one address, not of another', () => {
    const admission = new Admission(limits);
    enter(admission, 'a');
    enter(admission, 'a');
    expect(admission.enter('a')).toBeNull();
    expect(admission.enter('b')).not.toBeNull();
    expect(admission.refused).toBe(1);
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
    expect(admission.enter('a')).not.toBeNull();
    expect(admission.enter('a')).toBeNull();
  });
});
