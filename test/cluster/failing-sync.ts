/**
 * Loaded into a daemon by `NODE_OPTIONS=--import`: when the file named by
 * SQLCC_TEST_FAIL_SYNC appears, one fdatasync of the process fails with EIO and all later
 * ones succeed, as on a kernel that forgets the pages it could not write. The file becomes
 * `<file>.failed` then, and holds the time.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const flag = process.env['SQLCC_TEST_FAIL_SYNC'];
// the one object behind every import of node:fs
const fs = createRequire(import.meta.url)('node:fs') as {
  fdatasync: (fd: number, done: (error: Error | null) => void) => void;
};

if (flag !== undefined) {
  const sound = fs.fdatasync;
  fs.fdatasync = (fd, done) => {
    if (!existsSync(flag)) return sound(fd, done);
    writeFileSync(flag, String(Date.now()));
    renameSync(flag, `${flag}.failed`);
    const error = Object.assign(new TypeError('EIO: i/o error, fdatasync'), { code: 'EIO', errno: -5 });
    setImmediate(done, error);
  };
  syncBuiltinESMExports();
}
