/** A process of its own that takes the folder when told, says how that went, and holds it until it is ended. */
import { lockDataDir } from '../../../daemon/data-lock.ts';

process.once('message', (dir) => {
  try {
    lockDataDir(String(dir));
    globalThis.gc?.(); // the lock must not hang on a reference that nobody keeps
    process.send?.({ won: true, error: '' });
  } catch (error) {
    process.send?.({ won: false, error: (error as Error).message });
  }
});
// whoever started it keeps it alive; without that one it ends
process.on('disconnect', () => process.exit());
process.send?.('ready');
process.channel?.ref();
