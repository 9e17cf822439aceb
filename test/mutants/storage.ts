/** Planted bugs of the log on disk, and of what must happen once. */
import type { Mutant } from './mutant.ts';

export const STORAGE: readonly Mutant[] = [
  {
    id: 'wal-acknowledges-before-sync',
    sentence: 'The log acknowledges a batch when it was written, not when it was synced.',
    edits: [
      {
        file: 'src/wal/wal.ts',
        find: 'this.#sync(this.#current().file, () => this.#becameDurable(batch));',
        replace: 'this.#options.schedule(() => this.#becameDurable(batch));',
      },
    ],
    by: 'sim',
  },
  {
    id: 'wal-ignores-failed-sync',
    sentence: 'A sync that failed counts as one that succeeded.',
    edits: [
      {
        file: 'src/wal/wal.ts',
        find: '        if (error !== null) this.#poison(error);\n        else then();',
        replace: '        then();',
      },
    ],
    by: 'sim',
  },
  {
    id: 'wal-retries-failed-sync',
    sentence: 'A sync that failed is tried once more, and its success is believed.',
    edits: [
      {
        file: 'src/wal/wal.ts',
        find: '        if (error !== null) this.#poison(error);\n        else then();',
        replace: '        if (error !== null) this.#sync(file, then);\n        else then();',
      },
    ],
    by: 'sim',
    row: 'B25',
  },
  {
    id: 'checksums-unread',
    sentence: 'A batch is believed without its checksums.',
    edits: [
      {
        file: 'src/wal/recover.ts',
        find: '  if (crc32(payload) !== header.payloadCrc) return null;\n',
        replace: '',
      },
      {
        file: 'src/wal/record.ts',
        find: 'if (end > from.length || crc32(from.subarray(at + 8, end)) !== from.readUInt32LE(at + 4)) return null;',
        replace: 'if (end > from.length) return null;',
      },
    ],
    by: 'suite:test/unit/wal/recover.test.ts',
    row: 'B27',
  },
  {
    id: 'torn-tail-stays',
    sentence: 'What a crash left behind the last sound batch is not cut off.',
    edits: [
      {
        file: 'src/wal/repair.ts',
        find: '  file.truncate(end);\n',
        replace: '  file.truncate(Math.max(end, file.size()));\n',
      },
    ],
    by: 'suite:test/unit/wal/recover.test.ts',
  },
  {
    id: 'segment-named-before-sync',
    sentence: 'A new segment gets its name before its head is durable.',
    edits: [
      {
        file: 'src/wal/wal.ts',
        find: '    this.#sync(spare, () => {\n      const file',
        replace: '    this.#options.schedule(() => {\n      const file',
      },
    ],
    by: 'sim',
  },
  {
    id: 'folder-not-synced',
    sentence: 'Batches are acknowledged in a segment whose name is not durable.',
    edits: [
      {
        file: 'src/wal/wal.ts',
        find: '      disk.syncDir(dir, (error) => {\n        if (error !== null) this.#poison(error);\n        if (this.#isOver()) return file.close();',
        replace: '      this.#options.schedule(() => {\n        if (this.#isOver()) return file.close();',
      },
    ],
    by: 'sim',
  },
  {
    id: 'segments-removed-before-the-mark',
    sentence: 'Old segments go before the mark that makes them needless is durable.',
    edits: [
      {
        file: 'src/wal/wal.ts',
        find: "      if (record.kind === 'mark') batch.keepFrom = this.#oldestNeeded();\n",
        replace:
          "      if (record.kind === 'mark') {\n        this.#keepFrom = Math.max(this.#keepFrom, this.#oldestNeeded());\n        this.#purge();\n      }\n",
      },
    ],
    by: 'sim',
    row: 'B22',
  },
  {
    id: 'watermark-ahead',
    sentence: 'The watermark is noted for a batch whose sync is still out.',
    edits: [
      {
        file: 'src/wal/wal.ts',
        find: '    this.table.trimCache();\n',
        replace:
          '    this.table.trimCache();\n    this.#marker.noteNow({ batch: this.#lastBatch, term: batch.term });\n',
      },
    ],
    by: 'sim',
  },
  {
    id: 'truncation-not-written',
    sentence: 'A conflict is cut from memory, and the log on disk is not told.',
    edits: [
      {
        file: 'src/wal/durable-storage.ts',
        find: "    records.push({ kind: 'truncate', from: truncateFrom });\n",
        replace: '',
      },
    ],
    by: 'sim',
  },
  {
    id: 'reset-keeps-the-log',
    sentence: 'An installed snapshot leaves the entries of the replaced log on disk.',
    edits: [
      {
        file: 'src/wal/durable-storage.ts',
        find: 'const isReset = snapshot !== null && !snapshot.keepSuffix;',
        replace:
          'const isReset = snapshot !== null && !snapshot.keepSuffix && snapshot.meta.index > table.last.index;',
      },
    ],
    by: 'suite:test/contract/storage.test.ts',
  },
  {
    id: 'stale-page-cache-trusted',
    sentence: 'At start the last batch is believed as the page cache shows it.',
    edits: [
      {
        file: 'src/wal/recover.ts',
        find: '    file.write(this.#lastAt, this.#lastBytes);\n    file.syncNow();\n',
        replace: '',
      },
    ],
    by: 'sim',
  },
  {
    id: 'durable-mark-unread',
    sentence: 'Rot in a batch that a later one proves to have been durable is cut off like a torn write.',
    edits: [
      {
        file: 'src/wal/recover.ts',
        find: 'if (header.segment === segment.seq && header.durableUpTo >= lost) {',
        replace: 'if (header.segment === segment.seq && header.durableUpTo >= lost + 1e9) {',
      },
    ],
    by: 'suite:test/unit/wal/recover.test.ts',
    row: 'B27',
  },
  {
    id: 'watermark-unread',
    sentence: 'A log that ends before its watermark is believed.',
    edits: [
      {
        file: 'src/wal/recover.ts',
        find: 'if (this.#batch < watermark.batch) {',
        replace: 'if (this.#batch + 1e9 < watermark.batch) {',
      },
    ],
    by: 'suite:test/unit/wal/recover.test.ts',
  },
  {
    id: 'session-applies-twice',
    sentence: 'A write that is sent again under its session number is applied again.',
    edits: [
      {
        file: 'src/state/sessions.ts',
        find: '    if (kept !== undefined) return { ...(JSON.parse(kept[0]) as ApplyResult), replayed: true };\n',
        replace: '    if (kept !== undefined) return null;\n',
      },
    ],
    by: 'sim',
  },
  {
    id: 'session-forgets-in-silence',
    sentence: 'A write whose answer was forgotten is applied again instead of refused.',
    edits: [
      {
        file: 'src/state/sessions.ts',
        find: 'if (key.seq > row.floor) return null;',
        replace: 'if (key.seq > 0) return null;',
      },
    ],
    by: 'suite:test/unit/state/sessions.test.ts',
  },
  {
    id: 'condition-ignored',
    sentence: 'A write with a condition on the version happens whatever version stands.',
    edits: [
      {
        file: 'src/state/kv.ts',
        find: '      if (command.ifVersion !== current)\n        return',
        replace: '      if (command.ifVersion < 0)\n        return',
      },
    ],
    by: 'sim',
  },
];
