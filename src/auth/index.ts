export type { Identity, NodeRole, PersonRole, Role, Scope } from './roles.ts';
export { NODE_ROLES, PERSON_ROLES } from './roles.ts';
