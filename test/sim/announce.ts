/** A start that is told to the cluster, as by daemon/announce.ts. */
import type { InstanceId, NodeId } from '../../src/base/index.ts';
import type { Reply } from './desk.ts';
import type { World } from './world.ts';

const AGAIN_MS = 200;
const FINAL_AFTER_MS = 3000;

/** Who has started. */
export interface Starter {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly boot: number;
  readonly life: number;
  readonly isUp: boolean;
  /** It was told that it is an old copy. */
  supersede(why: string): void;
}

export interface AnnounceParts {
  readonly world: World;
  /** Has the leader propose what a node says of itself. */
  readonly announce: (command: object, reply: Reply) => void;
}

/** Tells which start this is, until it is recorded or has been refused for a while. */
export function announceStart(starter: Starter, parts: AnnounceParts): void {
  const { nodeId, instanceId, boot, life } = starter;
  let refusedAt: number | null = null;
  const isThis = (): boolean => life === starter.life;
  const tell = (): void => {
    if (!isThis() || !starter.isUp) return;
    let isTold = false;
    parts.announce({ kind: 'node-started', nodeId, instanceId, bootCounter: boot }, (answer) => {
      if (answer.kind !== 'written' || !isThis()) return;
      isTold = answer.result.ok;
      if (!isTold) refusedAt ??= parts.world.now;
    });
    parts.world.after(AGAIN_MS, () => {
      if (isTold || !isThis()) return;
      if (refusedAt !== null && parts.world.now - refusedAt > FINAL_AFTER_MS)
        starter.supersede('was refused');
      else tell();
    });
  };
  tell();
}
