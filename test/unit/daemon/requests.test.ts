import { describe, expect, it } from 'vitest';
import { refuseSession, sessionKeyOf } from '../../../daemon/requests.ts';
import type { Call } from '../../../src/rpc/index.ts';

function callWith(headers: Record<string, string>): Call {
  return {
    ...{ endpoint: 'sql', params: {}, query: {}, headers, body: undefined, remoteAddress: '' },
    identity: { kind: 'token', role: 'client', id: 'token:t', serial: null },
    signal: new AbortController().signal,
    remainingMs: () => 1000,
  };
}

const headers = (session: string, seq: string) =>
  callWith({ 'x-sqlcc-session': session, 'x-sqlcc-seq': seq });

describe('sessionKeyOf', () => {
  it('takes the session from the body or from the headers, and from both when they agree', () => {
    const key = { session: 's', seq: 3 };
    expect(sessionKeyOf({}, callWith({}))).toBeUndefined();
    expect(sessionKeyOf(key, callWith({}))).toEqual(key);
    expect(sessionKeyOf({}, headers('s', '3'))).toEqual(key);
    expect(sessionKeyOf(key, headers('s', '3'))).toEqual(key);
  });

  it('refuses two different ones, and halves on either side', () => {
    const differ = /names another session or seq than the headers/;
    expect(() => sessionKeyOf({ session: 's', seq: 3 }, headers('s', '4'))).toThrow(differ);
    expect(() => sessionKeyOf({ session: 's', seq: 3 }, headers('t', '3'))).toThrow(differ);
    expect(() => sessionKeyOf({ session: 's' }, headers('s', '3'))).toThrow(/belong together/);
    const half = callWith({ 'x-sqlcc-session': 's' });
    expect(() => sessionKeyOf({ session: 's', seq: 3 }, half)).toThrow(/belong together/);
  });
});

describe('refuseSession', () => {
  it('lets a request without a session pass and refuses one with it by a sentence', () => {
    expect(() => refuseSession(callWith({}))).not.toThrow();
    expect(() => refuseSession(headers('s', '1'))).toThrow('sessions are for SQL and key-values');
  });
});
