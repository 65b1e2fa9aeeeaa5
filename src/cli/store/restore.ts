import { GantryError, systemClock } from "../../base/index.ts";
import { restoreSnapshot } from "../../store/index.ts";
import { printStatus } from "./status-text.ts";
import { isInEtcd, isRunning, storeDirectory, withStore } from "./store-access.ts";
import type { Call } from "./verb.ts";

/** Puts a snapshot in the place of a stopped instance's store. */
export async function restore({ home, file, parsed }: Call): Promise<number> {
  await assertEmbeddedAndStopped(home);
  const { movedTo } = await restoreSnapshot(file!, storeDirectory(home), systemClock.nowMs(), {
    raiseRevision: !parsed.flag("keep-revision"),
  });
  const status = await withStore(home, (opened) => opened.status());
  if (!parsed.flag("json") && movedTo) process.stdout.write(`The store as it was before is in ${movedTo}.\n`);
  printStatus(status, parsed);
  return 0;
}

async function assertEmbeddedAndStopped(home: string): Promise<void> {
  if (isInEtcd(home)) {
    throw new GantryError("NotImplemented", `the store of ${home} is in etcd, which restores by itself`, {
      hint: "use 'etcdutl snapshot restore'",
    });
  }
  if (await isRunning(home)) {
    throw new GantryError("Unavailable", `a platform runs on ${home}`, {
      code: "Store.Locked",
      hint: "stop it with 'gantry down' first",
    });
  }
}
