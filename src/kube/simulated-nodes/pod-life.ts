import { parseGoDuration } from "../../formats/index.ts";
import type { Pod } from "../api/index.ts";

/** How long the pod's containers run until they end, as Go writes durations. */
export const RUNS_FOR = "simulated-nodes.gantry.dev/runs-for";
/** What its containers end with then; 0 where it is not told. */
export const EXIT_CODE = "simulated-nodes.gantry.dev/exit-code";

/** Pods of Jobs are done after that where nothing is told. */
const JOB_MS = 1_000;

/** How the life of a pod goes on a simulated node. */
export interface PodLife {
  /** Undefined: it runs until somebody ends it. */
  runsForMs: number | undefined;
  exitCode: number;
}

export function lifeOf({ metadata, spec }: Pod): PodLife {
  const { annotations = {}, ownerReferences = [] } = metadata;
  const told = parseGoDuration(annotations[RUNS_FOR] ?? "");
  const isOfJob = ownerReferences.some((one) => one.controller && one.kind === "Job");
  const exitCode = Number(annotations[EXIT_CODE] ?? 0);
  return {
    runsForMs: endsByItself(spec)
      ? told === undefined
        ? isOfJob
          ? JOB_MS
          : undefined
        : told / 1e6
      : undefined,
    exitCode: Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= 255 ? exitCode : 1,
  };
}

/** Containers that are always started anew never end. */
const endsByItself = ({ restartPolicy }: Pod["spec"]): boolean =>
  restartPolicy === "Never" || restartPolicy === "OnFailure";
