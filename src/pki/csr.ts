/**
 * Certificate requests. A request proves that its sender holds a key and nothing
 * else: whatever subject, names or extensions it wishes for are not even looked at
 * (Consul CVE-2022-40716).
 */
import { assert } from '../base/index.ts';
import { importPublicKey, type Key, newKeyPair, pemBytes, privateKeyPem } from './keys.ts';
import type { Refusal } from './names.ts';
import { SIGNING_ALGORITHM, x509Library } from './x509-library.ts';

const MAX_CSR_CHARACTERS = 16 * 1024;

/** A fresh key and a request that proves it; the node id is for people who read the request. */
export async function createCsr(nodeId: string): Promise<{ csrPem: string; keyPem: string }> {
  const x509 = await x509Library();
  const keys = await newKeyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${nodeId}`,
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
  });
  assert(await request.verify(), 'a request that was just signed verifies');
  return { csrPem: `${request.toString('pem')}\n`, keyPem: await privateKeyPem(keys.privateKey) };
}

/** The key of a request whose signature proves it, or why not. Total: any text gives one of the two. */
export async function readCsr(csrPem: string): Promise<{ publicKey: Key } | Refusal> {
  if (csrPem.length > MAX_CSR_CHARACTERS) return { refused: 'the certificate request is too long' };
  const der = pemBytes('(?:NEW )?CERTIFICATE REQUEST', csrPem);
  if (der === null) return { refused: 'this is no certificate request in PEM' };
  const x509 = await x509Library();
  try {
    const request = new x509.Pkcs10CertificateRequest(der);
    const publicKey = await importPublicKey(new Uint8Array(request.publicKey.rawData));
    if (!(await request.verify())) return { refused: 'the request is not signed with its own key' };
    return { publicKey };
  } catch {
    // the library throws many kinds at hostile bytes; which one helps nobody
    return { refused: 'the request is damaged, or its key is not P-256' };
  }
}
