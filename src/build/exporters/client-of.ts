import { GantryError } from "../../base/index.ts";
import type { ClientSession } from "../session/types.ts";
import type { SolveJob } from "../solver/types.ts";

/** The client that a result is sent to. */
export function clientOf(job: SolveJob): ClientSession {
  if (job.session) return job.session;
  throw new GantryError("Unavailable", "no active session: the result cannot be sent to a client", {
    code: "Build.NoSession",
  });
}
