export type { ChainEnd, ChainVerdict } from './chain.ts';
export { endOf, GENESIS, linked, verifyChain } from './chain.ts';
export type { ChainCopy, ChainFork } from './compare.ts';
export { firstFork } from './compare.ts';
export type { AuditRecord, Linked } from './record.ts';
