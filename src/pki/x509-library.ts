/**
 * Loads the certificate library when somebody first signs or reads a request: it
 * costs 180 ms and a daemon that only verifies never needs it.
 */
export type X509Library = typeof import('@peculiar/x509');

/** Keys and signatures of everything that this house signs. */
export const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

let loaded: Promise<X509Library> | undefined;

export function x509Library(): Promise<X509Library> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<X509Library> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
