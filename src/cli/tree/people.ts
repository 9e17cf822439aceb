/** Users, and certificates as running nodes know them: words, flags and examples. */
import { type CommandSpec, NEVER_ASKS, NODE_FLAG, REASON_FLAG, YES_CLUSTER_FLAGS } from '../command-spec.ts';

const ROLES = ['admin', 'operator', 'viewer', 'metrics', 'client', 'client-ro'];
const ROLE_FLAG = { flags: '--role <role>', text: 'what it may do, instead of the argument', choices: ROLES };

export const PEOPLE: readonly CommandSpec[] = [
  {
    path: 'user list',
    summary: 'named people and programs with the role that they have now',
    details:
      'CERT-UNTIL is the end of the certificate that was issued to the name last, as far as nodes have ' +
      'heard of it; ! = it is near, or was of late (see the alert PersonCertExpiry).',
    watchable: true,
    online: true,
    examples: ['user list'],
    load: async () => (await import('../commands/user.ts')).userList,
  },
  {
    path: 'user add',
    summary: 'put a person or program on record with a role',
    details:
      'The role on record counts for every certificate and token of that name, whatever the ' +
      'certificate says; a name without a record has the role in its certificate.',
    args: ['<name>', '[role]'],
    flags: [ROLE_FLAG, REASON_FLAG, NEVER_ASKS],
    online: true,
    examples: ['user add anna --role operator'],
    load: async () => (await import('../commands/user.ts')).userAdd,
  },
  {
    path: 'user grant',
    summary: 'give a user another role, in force within 10 s',
    args: ['<name>', '[role]'],
    flags: [ROLE_FLAG, REASON_FLAG, NEVER_ASKS],
    online: true,
    examples: ['user grant anna admin --reason "on call this week"'],
    load: async () => (await import('../commands/user.ts')).userGrant,
  },
  {
    path: 'user revoke',
    summary: 'refuse a user everywhere, with certificates and tokens',
    details: 'The last administrator on record is never revoked: exit 6 says how to have another one first.',
    args: ['<name>'],
    flags: [REASON_FLAG, NEVER_ASKS],
    online: true,
    examples: ['user revoke anna --reason "left the team"'],
    load: async () => (await import('../commands/user.ts')).userRevoke,
  },
  {
    path: 'cert list',
    summary:
      'certificates that nodes hold, were shown since their start, or have on record, the next to end first',
    details:
      'Asks every node; exits 12 when one could not be asked. Of people the one that was issued to a name ' +
      'last is on record (WHERE says record) once a voter signed it or it was shown to a node.',
    watchable: true,
    online: true,
    examples: ['cert list', 'cert list -o json'],
    load: async () => (await import('../commands/cert-online.ts')).certList,
  },
  {
    path: 'cert renew',
    summary: 'renew the certificate of a node now, or with --self your own',
    details:
      'Nodes do it by themselves at two thirds of its life. The key stays, connections go on. ' +
      'An observer has it signed by a voter. --self makes a new key here, has it signed with the name, ' +
      'role and length of the certificate that you call with, and replaces the files of the context.',
    flags: [NODE_FLAG, { flags: '--self', text: 'the certificate that this command calls with' }, NEVER_ASKS],
    online: true,
    examples: ['cert renew --node n2', 'cert renew --self'],
    load: async () => (await import('../commands/cert-online.ts')).certRenew,
  },
  {
    path: 'cert rotate-ca',
    summary: 'replace the CA of the cluster while everything runs',
    details:
      'Makes a new CA that all nodes trust beside the old one, then gives all nodes certificates of it; ' +
      'no session ends. Refused while a node is away. The old CA, and every certificate that it signed, ' +
      'is good until --finish: people and programs run "cert renew --self" before. "op cancel" calls it ' +
      'back while nodes take the new CA up; after a stop in between the same command goes on.',
    flags: [
      { flags: '--finish', text: 'refuse the old CA, and whoever still shows a certificate of it' },
      { flags: '--dry-run', text: 'only show what would happen' },
      { flags: '--no-wait', text: 'do not follow it to its end' },
      ...YES_CLUSTER_FLAGS,
      REASON_FLAG,
    ],
    online: true,
    examples: [
      'cert rotate-ca --dry-run',
      'cert rotate-ca --reason "a disk with ca.key was stolen"',
      'cert rotate-ca --finish --yes-cluster prod',
    ],
    load: async () => (await import('../commands/cert-rotate.ts')).certRotateCa,
  },
  {
    path: 'cert revoke',
    summary: 'call a certificate back by its serial number, or all that a name has so far',
    details:
      'Every node refuses it within 10 s, also where a session is open. A certificate of that ' +
      'name that is issued afterwards is good: to shut a person out, use "user revoke".',
    args: ['<serial|name>'],
    flags: [REASON_FLAG, NEVER_ASKS],
    online: true,
    examples: ['cert revoke 4a1f0c2b7d9e4f5566778899aabbccdd', 'cert revoke anna --reason "laptop stolen"'],
    load: async () => (await import('../commands/cert-online.ts')).certRevoke,
  },
];
