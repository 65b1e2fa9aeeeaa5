import { readFileSync } from "node:fs";
import { errorMessage, GantryError } from "../base/index.ts";
import { readSchedulerConfiguration, type SchedulerConfiguration } from "../kube/scheduler/index.ts";

/** The KubeSchedulerConfiguration in a file; undefined where none is named. Throws InvalidArgument. */
export function schedulerConfigurationOf(path: string | undefined): SchedulerConfiguration | undefined {
  if (path === undefined) return undefined;
  try {
    return readSchedulerConfiguration(readFileSync(path, "utf8"));
  } catch (error) {
    throw new GantryError("InvalidArgument", `${path}: ${errorMessage(error)}`, {
      code: "Platform.SchedulerConfiguration",
      hint: "--scheduler-config takes a KubeSchedulerConfiguration of kubescheduler.config.k8s.io/v1",
      cause: error,
    });
  }
}
