/**
 * `node start`: from a configuration file and a data directory to a running daemon and
 * back to an exit code. Everything that can be wrong is found before anything is
 * started. SIGTERM and SIGINT stop it in order; a second signal ends it at once.
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Logger } from '../src/base/index.ts';
import { LIMITS, nearest, SqlccError } from '../src/base/index.ts';
import type { ClusterConfig } from '../src/config/index.ts';
import { parseConfig } from '../src/config/index.ts';
import { ensureDataDir, type Identity, readIdentity } from './data-dir.ts';
import { failStop } from './fail-stop.ts';
import { LogTail } from './log-tail.ts';
import { LogThreshold } from './log-threshold.ts';
import { createLogger, parseLogLevel } from './logger.ts';
import { NodeManager } from './node-manager.ts';
import { ServiceNotices } from './service-notices.ts';

/** All of a stop must fit: transfer, drain, close. */
const STOP_DEADLINE_MS = 4800;

/**
 * Environment: a daemon whose stdin ends stops as by SIGTERM; set by whoever starts daemons that must not
 * outlive it.
 */
export const STOP_WITH_STDIN = 'SQLCC_STOP_WITH_STDIN';

export interface StartOptions {
  readonly configFile: string;
  /** Wins over the file's `data_dir`. */
  readonly dataDir?: string;
  readonly logLevel?: string;
  readonly logFile?: string;
}

export interface LoadedConfig {
  readonly config: ClusterConfig;
  /** What may be as it is and yet surprise somebody. */
  readonly warnings: readonly string[];
}

/** The parsed file; throws config_invalid with every issue at once. */
export function loadConfig(file: string): LoadedConfig {
  let text: string;
  try {
    const info = statSync(file);
    if (info.size > LIMITS.maxConfigBytes) {
      throw new SqlccError(
        'config_invalid',
        `${file} has ${info.size} bytes, at most ${LIMITS.maxConfigBytes} are read`,
      );
    }
    if ((info.mode & 0o022) !== 0) {
      const text = `${file} may be written by others (mode ${(info.mode & 0o777).toString(8)})`;
      throw new SqlccError('config_invalid', text, { hint: `chmod 600 ${file}` });
    }
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof SqlccError) throw cause;
    throw new SqlccError(
      'config_invalid',
      `${file} can't be read: ${(cause as NodeJS.ErrnoException).code}`,
      {
        cause,
        hint: 'give the file that "cluster init" or "node join" wrote: --config FILE',
      },
    );
  }
  const parsed = parseConfig(text, { source: file });
  if (parsed.ok) return parsed;
  const details = { file, issues: parsed.issues };
  const count = parsed.issues.length;
  throw new SqlccError('config_invalid', `${file} has ${count} ${count === 1 ? 'issue' : 'issues'}`, {
    details,
  });
}

/** A file of one node with the folder of another is a mistake that must not start. */
function checkIdentity(config: ClusterConfig, identity: Identity, dataDir: string): void {
  if (config.nodeId !== identity.nodeId) {
    throw new SqlccError(
      'failed_precondition',
      `${dataDir} belongs to node ${identity.nodeId}, the configuration is for ${config.nodeId}`,
      {
        hint: 'give the folder and the file of the same node',
      },
    );
  }
  if (config.name !== identity.clusterName) {
    throw new SqlccError(
      'failed_precondition',
      `${dataDir} belongs to cluster ${identity.clusterName}, the configuration is for ${config.name}`,
      {
        hint: 'give the folder and the file of the same cluster',
      },
    );
  }
}

/** Runs the daemon in the foreground until a signal; resolves with the exit code. */
export async function startNode(options: StartOptions): Promise<number> {
  const { config, warnings } = loadConfig(options.configFile);
  const dataDir = resolve(options.dataDir ?? config.dataDir);
  const level = parseLogLevel(options.logLevel ?? 'INFO');
  if (level === undefined) {
    const meant = nearest(options.logLevel ?? '', ['debug', 'info', 'warn', 'error'])?.toUpperCase();
    const hint = meant === undefined ? 'without --log-level it is INFO' : `did you mean ${meant}?`;
    const text = `log level "${options.logLevel}" is none of DEBUG, INFO, WARN, ERROR`;
    throw new SqlccError('invalid_argument', text, { hint });
  }
  const identity = readIdentity(dataDir);
  ensureDataDir(dataDir);
  checkIdentity(config, identity, dataDir);
  process.umask(0o077);
  const logThreshold = new LogThreshold(level);
  const logTail = new LogTail();
  const logger = createLogger(logThreshold, options.logFile ?? null, logTail);
  for (const warning of warnings) logger.log('warn', 'config-warning', { warning });
  const { configFile } = options;
  const node = new NodeManager({ config, identity, dataDir, logger, logThreshold, logTail, configFile });
  return run(node, logger);
}

async function run(node: NodeManager, logger: Logger): Promise<number> {
  process.on('uncaughtException', (error) => failStop('main', error.stack ?? error.message));
  process.on('unhandledRejection', (reason) => failStop('main', String((reason as Error)?.stack ?? reason)));
  const signalled = new Promise<string>((settle) => {
    let count = 0;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        count++;
        if (count === 1) settle(signal);
        else failStop('main', `second ${signal} while stopping`);
      });
    }
  });
  const parent = new Promise<string>((settle) => {
    if (process.env[STOP_WITH_STDIN] !== '1') return;
    process.stdin.on('error', () => settle('stdin broke'));
    process.stdin.on('end', () => settle('stdin ended')).resume();
  });
  const notices = new ServiceNotices(process.env, logger);
  const starting = node.start().then(() => {
    void notices.ready(`node ${node.nodeId} serves`, () => node.isResponsive());
    return 'started' as const;
  });
  const asked = Promise.race([signalled, parent]);
  const reason =
    (await Promise.race([starting, asked])) === 'started'
      ? await Promise.race([asked, node.whenFailed()])
      : await asked;
  logger.log('info', 'stopping', { reason: typeof reason === 'string' ? reason : reason.message });
  void notices.stopping();
  await stop(node, logger);
  if (typeof reason !== 'string') throw reason;
  return 0;
}

/**
 * Stops in order within the deadline. After that a start under way is simply left, e.g. a large log that is
 * still being read: nobody was told anything yet. A node that served must not linger half stopped.
 */
async function stop(node: NodeManager, logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((leave) => {
    timer = setTimeout(() => {
      if (node.status().lifecycle !== 'starting')
        failStop('main', `not stopped within ${STOP_DEADLINE_MS} ms`);
      logger.log('warn', 'start-called-off');
      leave();
    }, STOP_DEADLINE_MS);
  });
  await Promise.race([node.stop(), late]);
  clearTimeout(timer);
}
