import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DAEMON_ENV, DAEMON_FLAGS } from '../../../daemon/demo-cluster.ts';

describe('DAEMON_FLAGS', () => {
  it('are those of bin/sqlcc, so that what is measured is what runs', () => {
    const launcher = readFileSync(join(import.meta.dirname, '../../../bin/sqlcc'), 'utf8');
    expect(launcher).toContain(`flags='${DAEMON_FLAGS.join(' ')}'`);
    for (const [name, value] of Object.entries(DAEMON_ENV))
      expect(launcher).toContain(`${name}="\${${name}:-${value}}"`);
  });
});
