import { rfc3339Seconds } from "../../../base/index.ts";
import type { KindDefinition, KubeObject } from "../../api/index.ts";

/** metav1.DeleteOptions as far as it is served. */
export interface DeleteRequest {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Orphan" | "Background" | "Foreground";
  orphanDependents?: boolean;
  dryRun?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
}

export type DeletePlan =
  /** The key goes; marked with a grace period of nothing where the kind has one. */
  | { action: "remove"; next: KubeObject }
  /** The object stays for now: somebody (kubelet, finalizer's owner) has to finish. */
  | { action: "update"; next: KubeObject }
  /** A deletion is under way and this request changes nothing. */
  | { action: "pending" };

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/**
 * What a delete does to an object (registry/rest BeforeDelete and registry/generic updateForGracefulDeletionAndFinalizers):
 * kinds with a grace period are marked first, finalizers hold every object, everything else goes at once.
 */
export function planDelete(
  kind: KindDefinition,
  object: KubeObject,
  request: DeleteRequest,
  nowMs: number,
): DeletePlan {
  const next = structuredClone(object);
  const graceful = kind.gracePeriodSeconds ? planGrace(kind, next, request, nowMs) : "none";
  if (graceful === "pending") return { action: "pending" };
  next.metadata.finalizers = finalizersFor(kind, next, request);
  const isHeld = next.metadata.finalizers.length > 0;
  if (next.metadata.finalizers.length === 0) delete next.metadata.finalizers;
  if (graceful === "none" && isHeld) markForFinalizers(next, nowMs);
  const waits = graceful === "marked" && next.metadata.deletionGracePeriodSeconds! > 0;
  return { action: isHeld || waits ? "update" : "remove", next };
}

/** `marked`: deletion time and grace stand in the metadata now; `none`: there is no grace to wait for. */
function planGrace(
  kind: KindDefinition,
  next: KubeObject,
  request: DeleteRequest,
  nowMs: number,
): "none" | "marked" | "pending" {
  const { metadata } = next;
  const requested =
    request.gracePeriodSeconds !== undefined && request.gracePeriodSeconds < 0
      ? 1
      : request.gracePeriodSeconds;
  if (metadata.deletionTimestamp) {
    const current = metadata.deletionGracePeriodSeconds ?? 0;
    if (current === 0) return "none";
    // Only a shorter period may be asked for.
    if (requested === undefined || requested >= current) return "pending";
    const startMs = Date.parse(metadata.deletionTimestamp) - goMs(current);
    metadata.deletionTimestamp = rfc3339Seconds(startMs + goMs(requested));
    metadata.deletionGracePeriodSeconds = requested;
    return "marked";
  }
  const seconds = kind.gracePeriodSeconds!(next, requested);
  metadata.deletionTimestamp = rfc3339Seconds(nowMs + goMs(seconds));
  metadata.deletionGracePeriodSeconds = seconds;
  if (metadata.generation) metadata.generation++;
  return "marked";
}

/** A period as Go's time.Duration has it: nanoseconds in an int64, which what is too long goes round in. */
const goMs = (seconds: number) =>
  Number(BigInt.asIntN(64, BigInt(Math.trunc(seconds)) * 1_000_000_000n) / 1_000_000n);

function markForFinalizers({ metadata }: KubeObject, nowMs: number): void {
  if (!metadata.deletionTimestamp) {
    metadata.deletionTimestamp = rfc3339Seconds(nowMs);
    if (metadata.generation) metadata.generation++;
  }
  metadata.deletionGracePeriodSeconds = 0;
}

/** The propagation policy becomes a finalizer, which the garbage collector works off. */
function finalizersFor(kind: KindDefinition, { metadata }: KubeObject, request: DeleteRequest): string[] {
  const present = metadata.finalizers ?? [];
  if (kind.expires) return present;
  const others = present.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  const policy = policyOf(request);
  const orphan = policy === undefined ? orphansUnasked(kind, present) : policy === "Orphan";
  const foreground = policy === undefined ? present.includes(FOREGROUND) : policy === "Foreground";
  return [...others, ...(orphan ? [ORPHAN] : []), ...(foreground ? [FOREGROUND] : [])];
}

/** Registry shouldOrphanDependents, where the request does not say. */
function orphansUnasked(kind: KindDefinition, finalizers: readonly string[]): boolean {
  if (finalizers.includes(ORPHAN)) return true;
  return !finalizers.includes(FOREGROUND) && kind.orphansByDefault === true;
}

function policyOf({ propagationPolicy, orphanDependents }: DeleteRequest) {
  if (orphanDependents !== undefined) return orphanDependents ? "Orphan" : "Background";
  return propagationPolicy;
}

/** After an update: an object whose deletion waited for its last finalizer goes now. */
export function isReadyToRemove(kind: KindDefinition, next: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = next.metadata;
  if (!deletionTimestamp || deletionGracePeriodSeconds || finalizers?.length) return false;
  // Of all kinds only a namespace is held by finalizers in its spec.
  return !kind.heldBySpecFinalizers || !next.spec?.finalizers?.length;
}
