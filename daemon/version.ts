import { PROTOCOL_VERSION } from '../src/api/index.ts';

/** The version of this program; one place beside package.json, compared with it by a test. */
export const VERSION = '0.1.0';
export const PROTOCOL = PROTOCOL_VERSION;
