/** Door of the scripted modes: one picture, or one a second, as text or JSON. Never loads Ink or React. */
export type { BatchOptions, RunBatch } from './batch.ts';
export { runBatch, runOnce } from './batch.ts';
export { fleetDocument, fleetText } from './fleet.ts';
