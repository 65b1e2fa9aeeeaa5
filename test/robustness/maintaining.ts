import { join } from "node:path";
import type { History, SnapshotRecord } from "./history.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Session } from "./session.ts";
import { ConnectionLost, Refused, type StoreClient } from "./store-client.ts";

/** So many snapshots are kept and looked at in the end; the disk is small. */
const MAX_SNAPSHOTS = 12;

export interface Maintenance {
  snapshotDir: string;
  durationMs: number;
  kinds: readonly ("snapshot" | "defragment")[];
}

/** One client that does what an operator does, while the others go on. */
export async function maintain(
  { snapshotDir, durationMs, kinds }: Maintenance,
  session: Session,
  history: History,
  random: SeededRandom,
): Promise<void> {
  while (!session.signal.aborted) {
    await session.pause(random.between(0, (2 * durationMs) / MAX_SNAPSHOTS));
    const client = await session.connect();
    if (!client) return;
    try {
      if (random.pick(kinds) === "defragment") {
        await client.call("defragment", {});
        history.defragmentations++;
      } else if (history.snapshots.length < MAX_SNAPSHOTS) await takeSnapshot(client, snapshotDir, history);
    } catch (error) {
      if (!(error instanceof ConnectionLost || error instanceof Refused)) throw error;
    } finally {
      client.close();
    }
  }
}

async function takeSnapshot(client: StoreClient, dir: string, history: History): Promise<void> {
  const file = join(dir, `snapshot-${history.snapshots.length}`);
  const record: SnapshotRecord = { file, revision: undefined };
  history.snapshots.push(record);
  record.revision = (await client.call("snapshot", { file })).revision;
}
