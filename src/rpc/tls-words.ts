/** What OpenSSL says of a certificate by a code, as a person says it; each is said of `it`. */
const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet: is a clock wrong?',
  CERT_REVOKED: 'is revoked',
  CERT_SIGNATURE_FAILURE: 'is not signed by this CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed, not signed by this CA',
  INVALID_PURPOSE: 'is made for something else',
  SELF_SIGNED_CERT_IN_CHAIN: 'is not signed by this CA',
  UNABLE_TO_GET_ISSUER_CERT: 'is not signed by this CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is not signed by this CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is not signed by this CA',
};

/** What to do where a node's certificate is refused by whoever asks it, or a caller's by the node. */
const ADVICE: Readonly<Record<'node' | 'caller', Record<'other' | 'ended' | 'early', string>>> = {
  node: {
    ended:
      'restart that node: a voter signs its own certificate anew as it starts, "sqlcc doctor --config ' +
      'FILE" there says more; where it should still be good, look at the clock of this machine',
    early: 'compare the clocks of this machine and of the node: "sqlcc doctor --config FILE" there does',
    other:
      'is --ca (or the context’s ca) the ca.crt of this cluster? where its CA was replaced, ' +
      '"cert issue" on a voter makes files with the new one',
  },
  caller: {
    ended:
      'on the machine of a voter "sqlcc cert issue" makes a new one; where it should still be good, look ' +
      'at the clocks of that node and of this machine',
    early: 'compare the clocks of this machine and of the node: "sqlcc doctor --config FILE" there does',
    other: 'show one that this cluster issued: the context that cluster init wrote, or "sqlcc cert issue"',
  },
};

const CODE = new RegExp(`\\b(?:${Object.keys(WORDS).join('|')})\\b`);

/** The words for the code in `text` (`Error: CERT_HAS_EXPIRED`); null where there is none that is known. */
export function certificateWords(text: string): string | null {
  const code = CODE.exec(text)?.[0];
  return code === undefined ? null : (WORDS[code] ?? null);
}

/** What to do about the code in `text`; `whose` certificate was refused. */
export function certificateAdvice(text: string, whose: 'node' | 'caller'): string {
  const code = CODE.exec(text)?.[0];
  const kind = code === 'CERT_HAS_EXPIRED' ? 'ended' : code === 'CERT_NOT_YET_VALID' ? 'early' : 'other';
  return ADVICE[whose][kind];
}
