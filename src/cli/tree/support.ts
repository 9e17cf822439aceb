/** `sqlcc doctor` and its kin, for whoever looks into a machine or a node: words, flags and examples. */
import type { CommandSpec } from '../command-spec.ts';

export const SUPPORT: readonly CommandSpec[] = [
  {
    path: 'doctor',
    summary: 'is this machine fit for a node, and what to do where it is not',
    details:
      'Looks at this machine itself, with or without a node on it: real syncs of the data ' +
      'folder’s disk, file system and space, ports, limits, huge pages, swap, clocks, ' +
      'permissions, certificates. Exits 0 all well, 3 with warnings, 4 when a node could not run.',
    flags: [
      { flags: '--config <file>', text: 'configuration of the node; ports and folder are taken from it' },
      { flags: '--data-dir <dir>', text: 'data folder, also one that is not there yet; default here' },
      { flags: '--host <host>', text: 'without --config: address to listen on, default 127.0.0.1' },
      { flags: '--port <port>', text: 'without --config: peers and management, default 5433' },
      { flags: '--client-port <port>', text: 'without --config: SQL clients, default 5434' },
      { flags: '--peer-port <port>', text: 'without --config: consensus, default port + 2' },
      { flags: '--metrics-port <port>', text: 'without --config: metrics and health, default 9090' },
    ],
    online: false,
    examples: ['doctor --data-dir /var/lib/sqlcc/data', 'doctor --config /etc/sqlcc/cluster.yaml -o json'],
    load: async () => (await import('../commands/doctor.ts')).doctor,
  },
  {
    path: 'support dump',
    summary: 'one archive with all that helps to understand a node, and no secrets',
    details:
      'Reads configuration, data folder, log, kernel and the nodes that answer; needs neither ' +
      'quorum nor a daemon. Keys, tokens, secrets of notifiers and users’ data are left out or ' +
      'replaced; manifest.json in it lists everything, also what could not be had. Nodes are ' +
      'asked with the certificate of the node in the data folder, or with --context or ' +
      '--endpoint as you.',
    args: ['<file>'],
    flags: [
      { flags: '--config <file>', text: 'configuration of the node on this machine' },
      { flags: '--data-dir <dir>', text: 'its data folder, wins over the file’s data_dir' },
      { flags: '--log-file <file>', text: 'its log; may be given several times', many: true },
    ],
    online: true,
    examples: [
      'support dump n1.tar.gz --config /etc/sqlcc/cluster.yaml --log-file /var/log/sqlcc.log',
      'support dump cluster.tar.gz --context prod',
    ],
    load: async () => (await import('../commands/support.ts')).supportDump,
  },
];
