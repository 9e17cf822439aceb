/** A real Prometheus server on loopback for a test, and its promtool: both from the Debian package. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../../src/base/index.ts';
import { missingProgram, programPath } from './tools.ts';

/** Why neither can be had here, or null. */
export function missingPrometheus(): string | null {
  return missingProgram(['prometheus', 'promtool']);
}

export interface Verdict {
  readonly ok: boolean;
  /** What promtool has to say; '' = nothing. */
  readonly words: string;
}

/** `promtool ARGS` with `input` on stdin. */
export function promtool(args: readonly string[], input = ''): Verdict {
  const run = spawnSync(programPath('promtool') ?? 'promtool', args, { input, encoding: 'utf8' });
  return { ok: run.status === 0, words: `${run.stdout}${run.stderr}` };
}

/** What is scraped: `targets` on loopback, each second. */
export interface Scrape {
  readonly job: string;
  readonly ports: readonly number[];
  readonly params?: Readonly<Record<string, readonly string[]>>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Target {
  readonly job: string;
  readonly health: string;
  readonly lastError: string;
  readonly lastScrapeMs: number;
}

export class PrometheusServer {
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly #port: number;

  private constructor(child: ChildProcess, dir: string, port: number) {
    this.#child = child;
    this.#dir = dir;
    this.#port = port;
  }

  /** `rules`: rule files that it loads. */
  static start(port: number, scrapes: readonly Scrape[], rules: readonly string[] = []): PrometheusServer {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-prometheus-'));
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: rules,
      scrape_configs: scrapes.map(({ job, ports, params }) => ({
        job_name: job,
        ...(params === undefined ? {} : { params }),
        static_configs: [{ targets: ports.map((p) => `127.0.0.1:${p}`) }],
      })),
    };
    // JSON is YAML
    writeFileSync(join(dir, 'prometheus.yml'), JSON.stringify(config));
    const args = [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ];
    const child = spawn(programPath('prometheus') ?? 'prometheus', args, { stdio: 'ignore' });
    return new PrometheusServer(child, dir, port);
  }

  /** Samples of an instant query. */
  async query(expression: string): Promise<Sample[]> {
    const data = await this.#get(`/api/v1/query?query=${encodeURIComponent(expression)}`);
    const result = data['result'] as { metric: Record<string, string>; value: [number, string] }[];
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async targets(): Promise<Target[]> {
    const { activeTargets } = await this.#get('/api/v1/targets?state=active');
    type Row = {
      labels: Record<string, string>;
      health: string;
      lastError: string;
      lastScrapeDuration: number;
    };
    return (activeTargets as Row[]).map((t) => ({
      job: t.labels['job'] ?? '',
      health: t.health,
      lastError: t.lastError,
      lastScrapeMs: t.lastScrapeDuration * 1000,
    }));
  }

  /** Names of the alerts that fire. */
  async firing(): Promise<string[]> {
    const { alerts } = await this.#get('/api/v1/alerts');
    const rows = alerts as { state: string; labels: Record<string, string> }[];
    return rows.filter((a) => a.state === 'firing').map((a) => a.labels['alertname'] ?? '');
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await ended;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #get(path: string): Promise<Record<string, unknown>> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}${path}`);
    const body = (await answer.json()) as { data: Record<string, unknown>; error?: string };
    assert(body.error === undefined, `Prometheus refuses ${path}: ${body.error}`);
    return body.data;
  }
}
