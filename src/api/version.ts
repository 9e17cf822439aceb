/**
 * Versions of the wire. An answer may gain keys within a version; what a key means changes only with a new
 * one.
 */

/**
 * Version of the routes and frames; part of `/v1/version`. Ends with different numbers refuse each other by
 * name.
 */
export const PROTOCOL_VERSION = 1;

/** First segment of every route but the probes. */
export const API_PREFIX = '/v1';
