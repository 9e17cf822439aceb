/** Names of the headers that client and server agree on; lower case, as HTTP/2 wants them. */
export const HEADERS = {
  /** Deadline of a request, ms from its receipt; LIMITS.defaultRequestTimeoutMs when absent. */
  timeoutMs: 'x-sqlcc-timeout-ms',
  /** Session and serial number that make a mutation exactly-once; both or none. */
  session: 'x-sqlcc-session',
  seq: 'x-sqlcc-seq',
  /** What a CONNECT stream carries: `client`, or a purpose of peers. */
  stream: 'x-sqlcc-stream',
  /** The node that a peer claims to be, and its cluster; checked against its certificate. */
  node: 'x-sqlcc-node',
  cluster: 'x-sqlcc-cluster',
  /** Version of an item that must still stand; `"0"` = must not exist. */
  ifMatch: 'if-match',
  authorization: 'authorization',
  /** Seconds after which a refused request makes sense again. */
  retryAfter: 'retry-after',
  location: 'location',
} as const;

export type HeaderName = (typeof HEADERS)[keyof typeof HEADERS];
