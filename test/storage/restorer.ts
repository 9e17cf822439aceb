/** A process that makes the state in a folder that of a snapshot's file, and can be killed meanwhile. */
import { StateStore } from '../../src/state/index.ts';
import { optionsIn } from '../unit/state/log.ts';

const [, , dir = '', copy = ''] = process.argv;
const store = StateStore.open(optionsIn(dir));
store.restore(copy);
store.close();
