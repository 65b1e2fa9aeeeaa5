import type { Clock } from "../../base/index.ts";
import type { Platform } from "../../formats/index.ts";
import type { Definition } from "../llb/index.ts";
import type { BuildTree, SolveJob } from "../solver/types.ts";
import { provenanceOf } from "./provenance.ts";
import { sbomOf } from "./sbom/sbom.ts";
import type { Attestation, AttestationWishes } from "./types.ts";

export interface AttestRequest {
  job: SolveJob;
  tree: BuildTree;
  definition: Definition;
  frontend: string;
  options: Readonly<Record<string, string>>;
  buildPlatform: Platform;
  startedMs: number;
  clock: Clock;
}

/** What is said of one result: what is in it, then how it was made. */
export async function attestationsOf(
  { provenance, sbom }: AttestationWishes,
  { job, tree, buildPlatform: platform, ...request }: AttestRequest,
): Promise<Attestation[]> {
  const attestations: Attestation[] = [];
  if (sbom) {
    const epoch = Number(request.options["build-arg:SOURCE_DATE_EPOCH"] || Number.NaN);
    const createdMs = Number.isSafeInteger(epoch) ? epoch * 1000 : request.clock.nowMs();
    const { signal } = job;
    attestations.push(await job.step("generating SBOM", () => sbomOf(tree, { createdMs, signal })));
  }
  if (provenance) {
    const operations = await job.operationsOf(tree);
    attestations.push(provenanceOf({ ...request, platform, operations, wishes: provenance }));
  }
  return attestations;
}
