import { notImplemented } from "../../base/index.ts";
import { attestationWishes, type Frontend, type llb, type SolveJob } from "../../build/index.ts";
import type { Platform } from "../../formats/oci-types.ts";
import { outcomeOf, type SolveOutcome } from "./solve-outcome.ts";

export interface FrontendRequest {
  frontend: string;
  options: Readonly<Record<string, string>>;
  inputs: Readonly<Record<string, llb.Definition>>;
}

export interface FrontendContext {
  job: SolveJob;
  dockerfile: Frontend;
  buildPlatform: Platform;
  sessionId: string;
}

/** Released images of the Dockerfile's frontend: what they do is built in. */
const DOCKERFILE_IMAGE = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/;

export async function runFrontend(
  { job, dockerfile, buildPlatform, sessionId }: FrontendContext,
  { frontend, options, inputs }: FrontendRequest,
): Promise<SolveOutcome> {
  assertKnown(frontend, options);
  attestationWishes(options);
  const result = await dockerfile({
    options,
    inputs,
    sessionId,
    buildPlatform,
    solve: (definition) => job.solve(definition),
    resolveImage: (reference, how) => job.resolveImage(reference, how),
    warn: (warning) => job.warn(warning),
    signal: job.signal,
  });
  return outcomeOf(job, result, { frontend: "dockerfile.v0", options });
}

function assertKnown(frontend: string, options: Readonly<Record<string, string>>): void {
  if (frontend === "dockerfile.v0") return;
  if (frontend !== "gateway.v0") throw notImplemented(`frontend ${frontend} not found`);
  const source = options.source ?? "";
  if (source === "dockerfile.v0" || DOCKERFILE_IMAGE.test(source)) return;
  throw notImplemented(
    `frontend ${source} is not supported: only the Dockerfile's frontend (docker/dockerfile) is built in, and no frontend is run from an image`,
  );
}
