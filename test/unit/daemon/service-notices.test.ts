import { describe, expect, it } from 'vitest';
import { ServiceNotices, watchdogMs } from '../../../daemon/service-notices.ts';

describe('watchdogMs', () => {
  it('is what this process is asked for, and null for another or none', () => {
    expect(watchdogMs({ WATCHDOG_USEC: '30000000' })).toBe(30_000);
    expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) })).toBe(30_000);
    expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' })).toBeNull();
    expect(watchdogMs({})).toBeNull();
    expect(watchdogMs({ WATCHDOG_USEC: 'soon' })).toBeNull();
  });
});

describe('ServiceNotices', () => {
  it('does nothing without a service manager, and says once that it can not be told', async () => {
    const told: string[] = [];
    const logger = { log: (level: string, event: string) => void told.push(`${level} ${event}`) };
    await new ServiceNotices({}, logger).ready('fine', () => true);
    expect(told).toEqual([]);
    const notices = new ServiceNotices({ NOTIFY_SOCKET: '/nowhere/notify', PATH: '/nowhere' }, logger);
    await notices.ready('fine', () => true);
    await notices.stopping();
    expect(told).toEqual(['warn service-manager-not-told']);
  });
});
