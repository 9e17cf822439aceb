/** What scripts read of a picture. Nothing of the screen is loaded for it. */
import type { AlertRow, StatusResponse } from '../feed/wire.ts';

/** `at`: when the status arrived. */
export interface Shown {
  readonly status: StatusResponse | null;
  readonly alerts: readonly AlertRow[];
  readonly at: number;
}

/** `seq` is the index of the log that the picture shows, as events carry theirs. */
export function pictureDocument({ status, alerts, at }: Shown): object {
  const read = status?.cluster.read;
  return {
    ...status,
    schema: 'sqlcc.top/1',
    seq: read?.applied_index ?? null,
    as_of: new Date(at - (read?.age_ms ?? 0)).toISOString(),
    observer: read?.node_id ?? null,
    alert_list: alerts,
  };
}
