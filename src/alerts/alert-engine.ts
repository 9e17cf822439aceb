/**
 * Rules × readings × the instant → transitions to propose, and a row a rule and subject for people. The
 * record says what fires; what waits for its `for` is kept here, by monotonic time, as this node saw
 * it itself.
 */
import type { Duration, Instant, NodeId } from '../base/index.ts';
import { elapsed } from '../base/index.ts';
import type { AlertRecord, AlertTransition } from './alert-record.ts';
import { alertId } from './alert-record.ts';
import type { AlertPhase, Finding } from './alert-state.ts';
import { ALERT_TRANSITIONS } from './alert-state.ts';
import type { CheckedCondition, Condition } from './check.ts';
import { checkCondition } from './check.ts';
import type { ReadingOf, Truth } from './evaluate.ts';
import { evaluateCondition, readingOn, readingsText } from './evaluate.ts';
import type { AlertRule } from './rule.ts';
import { FIXED_RULES } from './rule.ts';

/** What is known of one node. */
export interface NodeReadings {
  readonly nodeId: NodeId;
  readonly inMaintenance: boolean;
  readonly readingOf: ReadingOf;
  /**
   * Of a node that is heard and had nothing to measure: its readings as if that were as good as can be. They
   * end what fires, and begin nothing; absent = what is missing is not known.
   */
  readonly restingOf?: ReadingOf;
}

export interface EngineInput {
  readonly rules: readonly AlertRule[];
  /** Every node of the record. */
  readonly nodes: readonly NodeReadings[];
  /** Metrics of the cluster. */
  readonly readingOf: ReadingOf;
  /** The records in force. */
  readonly records: readonly AlertRecord[];
  readonly now: Instant;
}

/** One rule about one subject at the newest evaluation. */
export interface RuleState {
  readonly rule: string;
  readonly nodeId: NodeId | null;
  readonly phase: AlertPhase;
  readonly truth: Truth;
  /** The readings that it looked at. */
  readonly value: string;
  /** How long the condition has held, while pending. */
  readonly pendingMs: Duration | null;
}

export interface Evaluation {
  readonly transitions: readonly AlertTransition[];
  readonly states: readonly RuleState[];
}

interface Subject {
  readonly id: string;
  readonly nodeId: NodeId | null;
  readonly inMaintenance: boolean;
  readonly readingOf: ReadingOf;
  readonly restingOf: ReadingOf | null;
}

/** What one evaluation of one subject came to. */
interface Judged {
  readonly subject: Subject;
  readonly before: AlertPhase;
  readonly finding: Finding;
  readonly after: AlertPhase;
  readonly truth: Truth;
  readonly value: string;
}

const FIXED: ReadonlySet<string> = new Set(FIXED_RULES.map((rule) => rule.name));

function subjectsOf(rule: AlertRule, { scope }: Condition, input: EngineInput): Subject[] {
  if (scope === 'cluster') {
    const id = alertId(rule.name, null);
    return [{ id, nodeId: null, inMaintenance: false, readingOf: input.readingOf, restingOf: null }];
  }
  return input.nodes.map(({ nodeId, inMaintenance, readingOf, restingOf }) => ({
    ...{ id: alertId(rule.name, nodeId), nodeId, inMaintenance },
    readingOf: readingOn(readingOf, input.readingOf),
    restingOf: restingOf === undefined ? null : readingOn(restingOf, input.readingOf),
  }));
}

export class AlertEngine {
  /** Since when the condition of an alert has held. */
  readonly #since = new Map<string, Instant>();
  readonly #checked = new Map<string, CheckedCondition>();

  /** Forgets what waits: nobody has looked for a while. */
  reset(): void {
    this.#since.clear();
  }

  evaluate(input: EngineInput): Evaluation {
    const states: RuleState[] = [];
    const transitions: AlertTransition[] = [];
    const asked = new Set<string>();
    for (const rule of input.rules) {
      if (FIXED.has(rule.name)) continue;
      const checked = this.#condition(rule.condition);
      if (!checked.ok) {
        states.push(brokenState(rule, checked.error.message));
        continue;
      }
      for (const subject of subjectsOf(rule, checked.condition, input)) {
        asked.add(subject.id);
        const judged = this.#judge(rule, checked.condition, subject, input);
        states.push(this.#state(rule, judged, input.now));
        transitions.push(...transitionOf(rule, judged));
      }
    }
    for (const id of this.#since.keys()) if (!asked.has(id)) this.#since.delete(id);
    return { transitions: [...transitions, ...orphans(input, asked)], states };
  }

  /** Conditions are parsed once; at most as many are kept as a configuration may have. */
  #condition(text: string): CheckedCondition {
    const known = this.#checked.get(text);
    if (known !== undefined) return known;
    if (this.#checked.size >= KEPT_CONDITIONS) this.#checked.clear();
    const checked = checkCondition(text);
    this.#checked.set(text, checked);
    return checked;
  }

  #judge(rule: AlertRule, condition: Condition, subject: Subject, { records, now }: EngineInput): Judged {
    const { id } = subject;
    const truth = evaluateCondition(condition, subject.readingOf);
    const record = records.find((r) => r.id === id);
    const waits = this.#since.has(id);
    const before = record?.state === 'firing' ? 'firing' : waits ? 'pending' : (record?.state ?? 'inactive');
    const rests = truth === null && isOverAtRest(condition, subject);
    const finding = rests ? 'fails' : this.#finding(rule, subject, truth, now);
    const after = ALERT_TRANSITIONS[before][finding];
    // held, but not on record: it goes on until whoever leads has recorded it
    const waitsOn = finding === 'holds' || finding === 'held';
    if (!waitsOn || record?.state === 'firing') this.#since.delete(id);
    const readings = readingsText(condition, subject.readingOf);
    const why = subject.inMaintenance ? 'in maintenance; ' : rests ? 'nothing to measure; ' : '';
    const value = `${why}${readings}`;
    return { subject, before, finding, after, truth, value };
  }

  /** A node in maintenance does not alarm. */
  #finding({ forMs }: AlertRule, { id, inMaintenance }: Subject, truth: Truth, now: Instant): Finding {
    if (inMaintenance) return 'fails';
    if (truth === null) return 'unknown';
    if (!truth) return 'fails';
    const since = this.#since.get(id) ?? now;
    this.#since.set(id, since);
    return elapsed(since, now) >= forMs ? 'held' : 'holds';
  }

  #state(rule: AlertRule, { subject, after, truth, value }: Judged, now: Instant): RuleState {
    const since = this.#since.get(subject.id);
    const pendingMs = since === undefined || after !== 'pending' ? null : elapsed(since, now);
    return { rule: rule.name, nodeId: subject.nodeId, phase: after, truth, value, pendingMs };
  }
}

const KEPT_CONDITIONS = 400;

function isOverAtRest(condition: Condition, { restingOf }: Subject): boolean {
  return restingOf !== null && evaluateCondition(condition, restingOf) === false;
}

/** A rule that another version accepted and this one can't read: shown, never silently left out. */
function brokenState({ name }: AlertRule, message: string): RuleState {
  return { rule: name, nodeId: null, phase: 'inactive', truth: null, value: message, pendingMs: null };
}

function transitionOf(rule: AlertRule, { subject, before, after, value }: Judged): AlertTransition[] {
  const begins = after === 'firing' && before !== 'firing';
  const ends = after === 'resolved' && before === 'firing';
  if (!begins && !ends) return [];
  const { id, nodeId } = subject;
  const { name, severity, condition } = rule;
  return [{ id, rule: name, nodeId, severity, condition, value, state: begins ? 'firing' : 'resolved' }];
}

/** Alerts that fire and that no rule asks for any more: rule or node were removed. */
function orphans({ records, rules }: EngineInput, asked: ReadonlySet<string>): AlertTransition[] {
  return records
    .filter((r) => r.state === 'firing' && !FIXED.has(r.rule) && !asked.has(r.id))
    .filter((r) => isGone(r, rules))
    .map(({ id, rule, nodeId, severity, condition }) => {
      const value = rules.some((r) => r.name === rule) ? 'its subject was removed' : 'the rule was removed';
      return { id, rule, nodeId, severity, condition, value, state: 'resolved' };
    });
}

/** A rule that can't be read is no reason to say that its incident is over. */
function isGone({ rule }: AlertRecord, rules: readonly AlertRule[]): boolean {
  const found = rules.find((r) => r.name === rule);
  return found === undefined || checkCondition(found.condition).ok;
}
