/**
 * The systemd unit of a daemon. A daemon that failed is started again, however often and ever more seldom,
 * because what ended it (a full disk) may pass; one that refuses to run (its name belongs to another disk,
 * its configuration is wrong) is not: somebody must look. Everything that a daemon does not need is taken
 * from it; MemoryDenyWriteExecute is missing on purpose, because V8 compiles at run time.
 */
import { EXIT } from './exit-codes.ts';

/** Ends of a daemon that only a person can change. */
const STAYS_SO = [EXIT.usage, EXIT.refused, EXIT.notAllowed, EXIT.conflict, EXIT.invalid, EXIT.notFound];

export interface UnitPlaces {
  readonly exec: string;
  readonly configFile: string;
  readonly dataDir: string;
  readonly user: string;
}

/** As a word of a unit file: `%` is doubled, what could be split is quoted. */
function word(text: string): string {
  const safe = text.replaceAll('%', '%%').replaceAll('\\', '\\\\');
  return /^[\w./:@%+=-]+$/.test(safe) ? safe : `"${safe.replaceAll('"', '\\"')}"`;
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

export function systemdUnit({ exec, configFile, dataDir, user }: UnitPlaces): string {
  // homes are hidden unless something of the node lies there
  const atHome = [exec, configFile, dataDir].some((p) => isBelow(p, ['/home', '/root', '/run/user']));
  const start = `${word(exec)} node start --config ${word(configFile)} --data-dir ${word(dataDir)}`;
  return `# Written by "sqlcc node systemd". Put it into /etc/systemd/system/sqlcc.service, then:
#   systemctl daemon-reload && systemctl enable --now sqlcc
[Unit]
Description=SQLCC node
After=network-online.target time-sync.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
ExecStart=${start}
User=${user}
Restart=on-failure
# never given up: what ended it may pass. After 1 s, later up to a minute (systemd before 254: 1 s)
RestartSec=1
RestartSteps=6
RestartMaxDelaySec=60
# wrong usage, a folder or keys that are not this node's alone, a node that was removed, another disk with its
# name, a wrong configuration: starting again changes nothing
RestartPreventExitStatus=${STAYS_SO.join(' ')}
# a large log may take long to read, and a stop has ended after 5 s
TimeoutStartSec=600
TimeoutStopSec=10
WatchdogSec=30
KillMode=mixed
OOMPolicy=stop
OOMScoreAdjust=-500
LimitNOFILE=65536
LimitCORE=0
TasksMax=4096
MemoryMax=4G
UMask=0077

ProtectSystem=strict
ReadWritePaths=${word(dataDir)}
ProtectHome=${atHome ? 'read-only' : 'yes'}
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectProc=invisible
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}
