export type { EngineInput, Evaluation, NodeReadings, RuleState } from './alert-engine.ts';
export { AlertEngine } from './alert-engine.ts';
export type { AlertRecord, AlertSeverity, AlertTransition } from './alert-record.ts';
export { alertId, recordOf } from './alert-record.ts';
export type { AlertPhase, Finding } from './alert-state.ts';
export { ALERT_TRANSITIONS } from './alert-state.ts';
export type { CheckedCondition, Condition } from './check.ts';
export { checkCondition } from './check.ts';
export type { ConditionName } from './condition-names.ts';
export { conditionNames } from './condition-names.ts';
export type { DueFacts } from './due.ts';
export { contentOf, deliveriesToHand, notificationsDue } from './due.ts';
export type { ReadingOf, Trace, Truth } from './evaluate.ts';
export { evaluateCondition, explainCondition, readingOn, readingsText } from './evaluate.ts';
export type { ConditionError } from './expression.ts';
export { caretLines } from './expression.ts';
export type { FixedAlertFacts } from './fixed-rules.ts';
export { evaluateFixedAlerts, leaderDownTold, withTransitions } from './fixed-rules.ts';
export { inhibitionEndsIn, inhibitorOf, inhibitorOfEnded } from './inhibition.ts';
export type { TemplateName, TemplateValues } from './message-template.ts';
export { fillTemplate, TEMPLATE_LENGTH, TEMPLATE_NAMES, templateProblem } from './message-template.ts';
export type { Notification } from './notification.ts';
export type {
  Delivery,
  DeliveryRef,
  DeliveryState,
  DeliveryStep,
  NotificationContent,
  NotificationKind,
  OutboxEntry,
  StepFacts,
} from './outbox.ts';
export {
  DELIVERY_TRANSITIONS,
  deliveryOf,
  entryOf,
  notificationKey,
  stepped,
} from './outbox.ts';
export type { AlertAction, AlertRule } from './rule.ts';
export {
  alertRuleSchema,
  DEFAULT_ALERT_RULES,
  FIXED_RULES,
  forInForceMs,
  forOf,
  LEADERLESS_ALERT_MS,
  SEED_ALERT_RULES,
} from './rule.ts';
export type { Silence, SilenceMatchers } from './silence.ts';
export { matchersText, silenceOf } from './silence.ts';
