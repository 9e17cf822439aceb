export type { AlertRecord, AlertSeverity, AlertTransition } from './alert-record.ts';
export type { FixedAlertFacts } from './fixed-rules.ts';
export { evaluateFixedAlerts, LEADERLESS_ALERT_MS, withTransitions } from './fixed-rules.ts';
export type { Notification } from './notification.ts';
export type { AlertAction, AlertRule } from './rule.ts';
export { alertRuleSchema, DEFAULT_ALERT_RULES } from './rule.ts';
