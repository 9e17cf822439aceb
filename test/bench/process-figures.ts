/** What processes cost, from /proc: of a process with its threads and its children. */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc in ms (USER_HZ is 100 on every Linux that Node runs on). */
const TICK_MS = 10;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}

export function childrenOf(pid: number): number[] {
  let tasks: string[] = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return tasks.flatMap((task) => {
    const text = read(`/proc/${pid}/task/${task}/children`).trim();
    return text === '' ? [] : text.split(/\s+/).map(Number);
  });
}

/** User and system time of a process, and of its children that live or were waited for, ms. */
export function cpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === '') return 0;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0) * TICK_MS;
  return own + childrenOf(pid).reduce((sum, child) => sum + cpuMs(child), 0);
}

/** User and system time of each thread of a process, by its name, ms; equal names together. */
export function threadCpuMs(pid: number): Map<string, number> {
  const out = new Map<string, number>();
  let tasks: string[] = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return out;
  }
  for (const task of tasks) {
    const stat = read(`/proc/${pid}/task/${task}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const ms = (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
    if (name !== '') out.set(name, (out.get(name) ?? 0) + ms);
  }
  return out;
}

/** Resident memory of a process and its children, MB. */
export function rssMb(pid: number): number {
  const own = Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
  return own + childrenOf(pid).reduce((sum, child) => sum + rssMb(child), 0);
}

/** Time that all cores of the machine were busy since boot, ms. */
export function machineBusyMs(): number {
  const cpu = read('/proc/stat').split('\n')[0]?.trim().split(/\s+/).slice(1, 8).map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, _idle, _wait, irq = 0, softIrq = 0] = cpu;
  return (user + nice + system + irq + softIrq) * TICK_MS;
}

/** Stolen time of the machine in ms since boot: what another tenant took of it. */
export function stealMs(): number {
  const cpu = read('/proc/stat').split('\n')[0]?.trim().split(/\s+/) ?? [];
  return Number(cpu[8] ?? 0) * TICK_MS;
}
