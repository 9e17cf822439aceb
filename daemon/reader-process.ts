/** Entry of a reader process; see src/state/reader-server.ts. Its only argument is the folder `engine/`. */
import type { ReaderJob } from '../src/state/index.ts';
import { ReaderServer } from '../src/state/index.ts';

const server = new ReaderServer(process.argv[2] ?? '', process.pid, (answer) => process.send?.(answer));

process.on('message', (job: ReaderJob) => void server.run(job));
// the daemon is gone: nobody asks any more
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
