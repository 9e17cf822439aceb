/** What the cluster may do by itself, and what it is to do later: pause, schedule, reports of hand-overs. */
import * as z from 'zod';
import { LIMITS } from '../../base/index.ts';
import { maintenance } from './cluster.ts';
import { candidateRow, nodeId, readInfo, schemaVersion, time } from './common.ts';

export const pauseRequest = z.object({
  reason: z.string().min(1).max(500),
  for_ms: z.number().int().min(1000).max(LIMITS.maxPauseMs).optional(),
  /** Refused unless this is the term, and this node leads. */
  expect_term: z.number().int().optional(),
  expect_leader: nodeId.optional(),
});
export type PauseRequest = z.infer<typeof pauseRequest>;
/**
 * `pause` is null once the cluster has resumed. `longest_ms`: no length was asked for, and the usual hour is
 * longer than the configuration allows, so that it lasts this long.
 */
export const pauseResponse = z.object({
  pause: maintenance.nullable(),
  longest_ms: z.number().int().optional(),
});

const scheduleRow = z.object({
  id: z.string(),
  kind: z.enum(['failover', 'switchover']),
  /** null = the best candidate of that moment. */
  to: nodeId.nullable(),
  expect_leader: nodeId.nullable(),
  at: time,
  actor: z.string(),
  reason: z.string(),
  created: time,
  state: z.enum(['waiting', 'started', 'skipped', 'cancelled']),
  /** The operation that it became. */
  operation: z.string().nullable(),
  /** Why it was skipped or cancelled. */
  cause: z.string().nullable(),
});
export type ScheduleRow = z.infer<typeof scheduleRow>;

export const scheduleRequest = z.object({
  kind: z.enum(['failover', 'switchover']),
  to: nodeId.optional(),
  expect_leader: nodeId.optional(),
  at: time,
  reason: z.string().max(500).optional(),
});
export type ScheduleRequest = z.infer<typeof scheduleRequest>;
export const scheduleEntryResponse = z.object({ entry: scheduleRow });
export const scheduleResponse = z.object({ schemaVersion, schedule: z.array(scheduleRow), read: readInfo });

/** A former leader's word on why it gave leadership away by itself. */
export const handOverReport = z.object({
  id: z.string().max(63),
  term: z.number().int(),
  cause: z.string().max(500),
  candidates: z.array(candidateRow).max(LIMITS.maxVoters),
});
export type HandOverReport = z.infer<typeof handOverReport>;
