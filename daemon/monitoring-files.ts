/** Files for other people's monitoring, made from the catalogue and the shipped alert rules. */
import { DEFAULT_ALERT_RULES } from '../src/alerts/index.ts';
import { dashboard, rulesFile } from '../src/metrics/index.ts';

export type MonitoringFile = 'dashboard' | 'rules';

/** `dashboard`: Grafana's JSON; `rules`: recording and alert rules for Prometheus. */
export function monitoringFile(file: MonitoringFile): string {
  return file === 'dashboard' ? dashboard() : rulesFile(DEFAULT_ALERT_RULES);
}
