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

const CODE = new RegExp(`\\b(?:${Object.keys(WORDS).join('|')})\\b`);

/** The words for the code in `text` (`Error: CERT_HAS_EXPIRED`); null where there is none that is known. */
export function certificateWords(text: string): string | null {
  const code = CODE.exec(text)?.[0];
  return code === undefined ? null : (WORDS[code] ?? null);
}
