import type { SnapshotInfo } from "../../store/index.ts";
import { megabytes } from "./status-text.ts";
import { operate } from "./store-access.ts";
import type { Call } from "./verb.ts";

export async function snapshot({ home, file, parsed }: Call): Promise<number> {
  const info = await operate<SnapshotInfo>(home, "snapshot", { file: file! });
  const { revision, sizeBytes, sha256 } = info;
  const text = `${info.file}: revision ${revision}, ${megabytes(sizeBytes)}, sha256 ${sha256}\n`;
  process.stdout.write(parsed.flag("json") ? `${JSON.stringify(info)}\n` : text);
  return 0;
}
