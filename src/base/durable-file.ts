import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { diskError } from "./disk-error.ts";

export interface DurableWriteOptions {
  /** 0600 if absent. */
  mode?: number;
  /** Name of the file that is written first; a random one beside `path` if absent. For callers that write one at a time. */
  temporary?: string;
}

/** Makes a directory's entries (what was created, renamed or removed in it) durable. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file as a whole: after a crash or a power cut there is the old or the new content, never a mixture. */
export async function writeFileDurably(
  path: string,
  data: string | Uint8Array,
  options: DurableWriteOptions = {},
): Promise<void> {
  const { mode = 0o600, temporary = `${path}.${randomBytes(4).toString("hex")}.tmp` } = options;
  try {
    const handle = await open(temporary, "w", mode);
    try {
      await handle.chmod(mode);
      await handle.writeFile(data);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw diskError(error, `write ${path}`) ?? error;
  }
  await syncDirectory(dirname(path));
}

/** `mkdir -p` of one level below an existing directory, durable. Returns quickly when it is there. */
export async function makeDirectoryDurably(dir: string, mode = 0o700): Promise<void> {
  const made = await mkdir(dir, { recursive: true, mode }).catch((error: unknown) => {
    throw diskError(error) ?? error;
  });
  if (made !== undefined) await syncDirectory(dirname(dir));
}
