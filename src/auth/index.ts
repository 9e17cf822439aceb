export type { NodeClaim, NodeRoster } from './node-roster.ts';
export { nodeRefusal } from './node-roster.ts';
export { allows, POLICY } from './policy.ts';
export type { Identity, NodeRole, PersonRole, Role, Scope } from './roles.ts';
export { isNodeRole, isPersonRole, NOBODY, NODE_ROLES, PERSON_ROLES, SCOPES } from './roles.ts';
export type { AccessTokenText, JoinTokenText, ParsedToken, TokenText } from './tokens.ts';
export { formatToken, parseToken } from './tokens.ts';
