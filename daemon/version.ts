/** The version of this program; one place beside package.json, compared with it by a test. */
export const VERSION = '0.1.0';
export { PROTOCOL_VERSION as PROTOCOL } from '../src/api/index.ts';
