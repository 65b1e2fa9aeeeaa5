import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import type { Deployment, DeploymentCondition, ReplicaSet } from "../../api/index.ts";
import { type CountedStatus, conditionOf, removeCondition, setCondition } from "./status.ts";

/** The largest int32 says that there is no deadline. */
const NO_DEADLINE = 2 ** 31 - 1;

const hasDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== NO_DEADLINE;

/** What became of the new ReplicaSet in this pass. */
export type NewSetNews = { kind: "created" | "found"; name: string } | { kind: "failed"; message: string };

export function isComplete(deployment: Deployment, status: CountedStatus): boolean {
  const replicas: number = deployment.spec.replicas ?? 1;
  return (
    status.updatedReplicas === replicas &&
    status.replicas === replicas &&
    status.availableReplicas === replicas &&
    status.observedGeneration >= (deployment.metadata.generation ?? 0)
  );
}

/** More updated, ready or available replicas, or fewer old ones, than the stored status says. */
function isProgressing(deployment: Deployment, status: CountedStatus): boolean {
  const before = deployment.status ?? {};
  const oldBefore = (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  return (
    status.updatedReplicas > (before.updatedReplicas ?? 0) ||
    status.replicas - status.updatedReplicas < oldBefore ||
    status.readyReplicas > (before.readyReplicas ?? 0) ||
    status.availableReplicas > (before.availableReplicas ?? 0)
  );
}

/** Pausing stops the deadline and resuming starts it anew; a rollout that failed stays failed. */
export function notePause(deployment: Deployment, status: CountedStatus, clock: Clock): void {
  const known = conditionOf(status, "Progressing");
  if (!hasDeadline(deployment) || known?.reason === "ProgressDeadlineExceeded") return;
  const wasPaused = known?.reason === "DeploymentPaused";
  if (deployment.spec.paused && !wasPaused) {
    setCondition(status, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", clock);
  } else if (!deployment.spec.paused && wasPaused) {
    setCondition(status, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", clock);
  }
}

/** A ReplicaSet that was made, or found where none was known of, starts the deadline (sync.go, getNewReplicaSet). */
export function noteNewSet(
  deployment: Deployment,
  news: NewSetNews,
  status: CountedStatus,
  clock: Clock,
): void {
  if (!hasDeadline(deployment)) return;
  if (news.kind === "failed") {
    setCondition(status, "Progressing", "False", "ReplicaSetCreateError", news.message, clock);
  } else if (news.kind === "created") {
    setCondition(
      status,
      "Progressing",
      "True",
      "NewReplicaSetCreated",
      `Created new replica set "${news.name}"`,
      clock,
    );
  } else if (!conditionOf(status, "Progressing")) {
    setCondition(
      status,
      "Progressing",
      "True",
      "FoundNewReplicaSet",
      `Found new replica set "${news.name}"`,
      clock,
    );
  }
}

/** How far the rollout is (progress.go, syncRolloutStatus). */
export function noteProgress(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  status: CountedStatus,
  clock: Clock,
): void {
  if (!hasDeadline(deployment)) {
    removeCondition(status, "Progressing");
    return;
  }
  const before = conditionOf(status, "Progressing");
  if (status.replicas === status.updatedReplicas && before?.reason === "NewReplicaSetAvailable") return;
  const subject = newSet
    ? `ReplicaSet "${newSet.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    setCondition(
      status,
      "Progressing",
      "True",
      "NewReplicaSetAvailable",
      `${subject} has successfully progressed.`,
      clock,
    );
  } else if (isProgressing(deployment, status)) {
    const now = rfc3339Seconds(clock.nowMs());
    removeCondition(status, "Progressing");
    setCondition(status, "Progressing", "True", "ReplicaSetUpdated", `${subject} is progressing.`, clock);
    // Each step forward starts the deadline anew, so the update time moves though the reason stays.
    const next = conditionOf(status, "Progressing")!;
    next.lastTransitionTime = before?.status === "True" ? before.lastTransitionTime : now;
  } else if (isOverdue(deployment, status, clock)) {
    setCondition(
      status,
      "Progressing",
      "False",
      "ProgressDeadlineExceeded",
      `${subject} has timed out progressing.`,
      clock,
    );
  }
}

function isOverdue(deployment: Deployment, status: CountedStatus, clock: Clock): boolean {
  const known = conditionOf(status, "Progressing");
  if (!known || known.reason === "NewReplicaSetAvailable") return false;
  return known.reason === "ProgressDeadlineExceeded" || deadlineMs(deployment, known) < clock.nowMs();
}

const deadlineMs = (deployment: Deployment, progressing: DeploymentCondition): number =>
  Date.parse(progressing.lastUpdateTime ?? "") +
  (deployment.spec.progressDeadlineSeconds ?? NO_DEADLINE) * 1000;

/** Milliseconds after which the rollout must be looked at for its deadline; undefined when none runs. */
export function deadlineInMs(
  deployment: Deployment,
  status: CountedStatus,
  clock: Clock,
): number | undefined {
  const known = conditionOf(status, "Progressing");
  if (!hasDeadline(deployment) || deployment.spec.paused || !known) return undefined;
  if (known.reason === "NewReplicaSetAvailable" || known.reason === "ProgressDeadlineExceeded")
    return undefined;
  return Math.max(0, deadlineMs(deployment, known) - clock.nowMs()) + 1000;
}
