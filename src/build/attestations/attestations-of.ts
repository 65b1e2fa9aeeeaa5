import type { Clock } from "../../base/index.ts";
import type { Platform } from "../../formats/index.ts";
import type { Definition } from "../llb/index.ts";
import type { BuildTree, SolveJob } from "../solver/types.ts";
import { provenanceOf } from "./provenance.ts";
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

/** What is said of one result. */
export async function attestationsOf(
  { provenance }: AttestationWishes,
  { job, tree, buildPlatform: platform, ...request }: AttestRequest,
): Promise<Attestation[]> {
  if (!provenance) return [];
  const operations = await job.operationsOf(tree);
  return [provenanceOf({ ...request, platform, operations, wishes: provenance })];
}
