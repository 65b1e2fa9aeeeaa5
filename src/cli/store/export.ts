import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openLmdbStore, restoreSnapshot, type Store } from "../../store/index.ts";
import { isInEtcd, isRunning, operate, quietLogger, storeDirectory, withStore } from "./store-access.ts";
import type { Call } from "./verb.ts";

const PAGE_ITEMS = 500;

/** One key a line as JSON, values in base64, all as they were at one moment. */
export async function exportKeys({ home, parsed }: Call): Promise<number> {
  const prefix = parsed.text("prefix") ?? "";
  if (isInEtcd(home) || !(await isRunning(home)))
    await withStore(home, (opened) => writeLines(opened, prefix));
  else await withCopy(home, (copy) => writeLines(copy, prefix));
  return 0;
}

/** The running program has the store open: its snapshot is read instead. */
async function withCopy(home: string, use: (copy: Store) => Promise<void>): Promise<void> {
  const work = mkdtempSync(join(storeDirectory(home), "tmp-export-"));
  try {
    const file = join(work, "snapshot");
    await operate(home, "snapshot", { file });
    const dir = join(work, "store");
    await restoreSnapshot(file, dir, 0);
    const copy = await openLmdbStore({ dir, logger: quietLogger(), keepHistoryMs: 0 });
    await use(copy).finally(() => copy.close());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function writeLines(opened: Store, prefix: string): Promise<void> {
  // Told of each line that could not be written; unheard, the event would end the program.
  process.stdout.once("error", () => {});
  const { revision } = await opened.status();
  let startAfter: string | undefined;
  for (;;) {
    const page = await opened.range(prefix, {
      limit: PAGE_ITEMS,
      revision,
      ...(startAfter === undefined ? {} : { startAfter }),
    });
    for (const { value, ...numbers } of page.items) {
      const line = `${JSON.stringify({ ...numbers, value: Buffer.from(value).toString("base64") })}\n`;
      if (!(await isWritten(line))) return;
    }
    if (!page.more) return;
    startAfter = page.items.at(-1)!.key;
  }
}

/** False when nobody reads any more, as after `| head`. */
function isWritten(line: string): Promise<boolean> {
  return new Promise((resolve) => process.stdout.write(line, (error) => resolve(!error)));
}
