/** The refusal to believe a damaged log: always with file and offset, and with what to do about it. */
import { type Bytes, SqlccError } from '../base/index.ts';

const ADVICE =
  'data that this node had confirmed is damaged: wipe its data directory and join it again ' +
  '(it gets a new instance id); if it is the only voter, restore a backup instead';

export function damage(file: string, offset: Bytes, reason: string): SqlccError {
  return new SqlccError('storage_failed', `${file} at byte ${offset}: ${reason}`, {
    details: { file, offset, reason },
    hint: ADVICE,
  });
}
