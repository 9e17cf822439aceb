export type { Authority, NodeGrant, PersonGrant } from './authority.ts';
export {
  bridgeAuthorities,
  certifyPerson,
  createAuthority,
  issuedAt,
  issueNode,
  issuePerson,
  VALIDITY_MS,
} from './authority.ts';
export { certificateOfKey, certificatesIn, chainEnd, isSignedBy, issuerIn, shownChain } from './bundle.ts';
export { createCsr, readCsr } from './csr.ts';
export { keyFingerprint, spkiFingerprint } from './keys.ts';
export type { Refusal } from './names.ts';
export { checkValidity, identityOf } from './names.ts';
export { equalHash, hashSecret, newSecret } from './secrets.ts';
export { type Unsound, unsoundPki } from './soundness.ts';
