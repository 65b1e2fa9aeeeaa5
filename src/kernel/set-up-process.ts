import { writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { errorMessage } from "../base/index.ts";
import { separateFileSystemContext } from "./working-directory.ts";

/**
 * Prepares the program's process, once, before anything switches namespaces: Node's worker threads are made first (a
 * thread made later would inherit what the main thread has switched to), then the main thread gets a working directory
 * and umask of its own. Returns what could not be done and is only a pity.
 */
export async function setUpProcess(): Promise<{ warnings: string[] }> {
  const warnings: string[] = [];
  // The first use of the thread pool makes all of its threads.
  await stat("/");
  process.umask(0o022);
  separateFileSystemContext();
  try {
    // The platform should be the last to go when memory runs out; containers set their own value.
    writeFileSync("/proc/self/oom_score_adj", "-900");
  } catch (error) {
    warnings.push(`cannot lower oom_score_adj: ${errorMessage(error)}`);
  }
  return { warnings };
}
