import { describe, expect, it } from 'vitest';
import { systemdUnit } from '../../../src/cli/systemd-unit.ts';

const PLACES = {
  exec: '/usr/bin/sqlcc',
  configFile: '/etc/sqlcc/cluster.yaml',
  dataDir: '/var/lib/sqlcc/data',
  user: 'sqlcc',
};

describe('systemdUnit', () => {
  it('is of Type=notify, may write to the data folder alone, and hides homes', () => {
    const lines = systemdUnit(PLACES).split('\n');
    for (const line of [
      'RestartPreventExitStatus=2 6 8 9 10 11',
      ...['Type=notify', 'NotifyAccess=all', 'User=sqlcc', 'UMask=0077', 'NoNewPrivileges=yes'],
      ...['ProtectSystem=strict', 'ReadWritePaths=/var/lib/sqlcc/data', 'ProtectHome=yes'],
      'ExecStart=/usr/bin/sqlcc node start --config /etc/sqlcc/cluster.yaml --data-dir /var/lib/sqlcc/data',
    ])
      expect(lines).toContain(line);
    expect(lines.filter((l) => l.startsWith('ReadWritePaths='))).toHaveLength(1);
  });

  it('starts a daemon again for ever and ever more seldom: what ended it may pass', () => {
    const lines = systemdUnit(PLACES).split('\n');
    const unit = lines.slice(lines.indexOf('[Unit]'), lines.indexOf('[Service]'));
    expect(unit.filter((l) => l.startsWith('StartLimit'))).toEqual(['StartLimitIntervalSec=0']);
    const service = lines.slice(lines.indexOf('[Service]'), lines.indexOf('[Install]'));
    for (const line of ['Restart=on-failure', 'RestartSec=1', 'RestartSteps=6', 'RestartMaxDelaySec=60'])
      expect(service).toContain(line);
  });

  it('opens homes for reading when something of the node lies there', () => {
    expect(systemdUnit({ ...PLACES, dataDir: '/home/db/data' })).toContain('\nProtectHome=read-only\n');
    expect(systemdUnit({ ...PLACES, exec: '/homely/sqlcc' })).toContain('\nProtectHome=yes\n');
  });

  it('quotes what systemd would split or expand', () => {
    const unit = systemdUnit({ ...PLACES, dataDir: '/srv/my data/100%' });
    expect(unit).toContain('ReadWritePaths="/srv/my data/100%%"');
    expect(unit).toContain('--data-dir "/srv/my data/100%%"\n');
  });
});
