import type { Project } from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";

export async function startWatching(_call: ComposeCall, _project: Project): Promise<{ stop(): void }> {
  return { stop: () => {} };
}
