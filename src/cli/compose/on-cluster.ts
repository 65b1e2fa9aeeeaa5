import type { ComposeCall } from "./compose-call.ts";
import { usage } from "./flags.ts";

/** What `--on` names. */
export function isOnCluster(call: ComposeCall): boolean {
  const where = call.flags.text("on");
  if (where === "" || where === "engine") return false;
  if (where === "cluster") return true;
  throw usage(`invalid value for --on: ${JSON.stringify(where)} (engine or cluster)`);
}
