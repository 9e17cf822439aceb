/** The version of this program; one place beside package.json, compared with it by a test. */
export const VERSION = '0.1.0';
/** Version of what nodes say to each other; nodes of different protocol refuse each other. */
export const PROTOCOL = 1;
