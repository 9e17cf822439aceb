/** Whether a node's certificates and keys are whole and belong together: files rot, copies get mixed up. */
import { X509Certificate } from 'node:crypto';
import { certificatesIn, isKeyOf, isSignedBy } from './bundle.ts';

export interface PkiTexts {
  readonly caCert: string;
  readonly nodeCert: string;
  readonly nodeKey: string;
  readonly caKey: string | null;
}

/** Which text can't be used, and why. */
export interface Unsound {
  readonly part: keyof PkiTexts;
  readonly reason: string;
}

/** The first thing that is wrong, or null. Says nothing about dates and names. */
export function unsoundPki(pki: PkiTexts): Unsound | null {
  const cas = authorities(pki.caCert);
  if (cas === null) return { part: 'caCert', reason: 'it is no certificate' };
  if (!cas.every((ca) => isSignedBy(ca, ca))) return { part: 'caCert', reason: 'its signature is wrong' };
  const node = certificate(pki.nodeCert);
  if (node === null) return { part: 'nodeCert', reason: 'it is no certificate' };
  if (!cas.some((ca) => isSignedBy(node, ca)))
    return { part: 'nodeCert', reason: 'ca.crt has not signed it' };
  if (!isKeyOf(pki.nodeKey, node)) return { part: 'nodeKey', reason: 'it is not the key of node.crt' };
  const { caKey } = pki;
  if (caKey !== null && !cas.some((ca) => isKeyOf(caKey, ca)))
    return { part: 'caKey', reason: 'it is not the key of ca.crt' };
  return null;
}

/** All of a bundle, one of them at least; null when any of it is damaged. */
function authorities(bundle: string): X509Certificate[] | null {
  const begun = bundle.split('-----BEGIN CERTIFICATE-----').length - 1;
  const read = certificatesIn(bundle).map(certificate);
  const whole = read.filter((ca) => ca !== null);
  return begun > 0 && whole.length === begun ? whole : null;
}

function certificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}
