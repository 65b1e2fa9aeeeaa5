import type { JobVertex } from "./job-vertex.ts";
import type { ProgressStep } from "./types.ts";

/** Tells all who take part in an operation how it goes. */
export function stepOfAll(digest: string, participants: ReadonlySet<{ vertex: JobVertex }>): ProgressStep {
  return {
    digest,
    status: (id, progress) => {
      for (const { vertex } of participants) vertex.status(id, progress);
    },
    log: (stream, data) => {
      for (const { vertex } of participants) vertex.log(stream, data);
    },
  };
}
