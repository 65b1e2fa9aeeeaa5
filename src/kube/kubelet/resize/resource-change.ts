import type { Container, ResourceRequirements } from "../../api/index.ts";
import { bytesOf, cpuMilliOf } from "../containers/resources.ts";

const RESOURCES = ["cpu", "memory"] as const;
const FIELDS = ["requests", "limits"] as const;

type Resource = (typeof RESOURCES)[number];

function amountOf(resources: ResourceRequirements, field: (typeof FIELDS)[number], resource: Resource) {
  return resource === "cpu" ? cpuMilliOf(resources[field]) : bytesOf(resources[field], resource);
}

/** Which of processor time and memory are to be other amounts than they are. */
export function changedResources(wanted: ResourceRequirements, given: ResourceRequirements): Resource[] {
  return RESOURCES.filter((resource) =>
    FIELDS.some((field) => amountOf(wanted, field, resource) !== amountOf(given, field, resource)),
  );
}

/** Whether a container has to be started anew to get what it is promised, by its own resize policy. */
export function resizeNeedsRestart(container: Container, given: ResourceRequirements): boolean {
  return changedResources(container.resources ?? {}, given).some((resource) =>
    container.resizePolicy?.some(
      ({ resourceName, restartPolicy }) => resourceName === resource && restartPolicy === "RestartContainer",
    ),
  );
}
