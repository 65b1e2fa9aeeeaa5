import type { Job } from "../../api/index.ts";
import { jobs } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";

/** In place of the job controller: says that the Job is over, and when it was (wall-clock milliseconds). */
export async function finishJob(
  client: KubeClient,
  {
    metadata: { namespace, name },
  }: Pick<Job, "metadata"> | { metadata: { namespace: string; name: string } },
  type: "Complete" | "Failed",
  atMs = Date.now(),
): Promise<void> {
  const at = new Date(atMs).toISOString();
  const before = type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget";
  const conditions = [before, type].map((one) => ({ type: one, status: "True", lastTransitionTime: at }));
  const status = { startTime: at, conditions, ...(type === "Complete" ? { completionTime: at } : {}) };
  await client.patch(jobs, namespace, name, "merge", { status }, { subresource: "status" });
}
