export type { ChainEnd, ChainVerdict } from './chain.ts';
export { endOf, GENESIS, linked, verifyChain } from './chain.ts';
export type { ChainCopy, ChainFork, ChainGap, DatedCopy } from './compare.ts';
export { firstFork, firstGap } from './compare.ts';
export type { AuditRecord, Linked } from './record.ts';
