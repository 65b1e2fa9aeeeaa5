import type { protobuf } from "../../formats/index.ts";
import type { Platform } from "../../formats/oci-types.ts";
import type { WorkerRecord } from "../messages/control-messages.ts";

export type WorkerRecordMessage = protobuf.Outgoing<typeof WorkerRecord>;

export interface WorkerFacts {
  id: string;
  platforms: readonly Platform[];
  version: string;
  hostname: string;
  /** Address of containers for `host-gateway`, if there is one. */
  hostGatewayIp: string | undefined;
}

/** The builder as dockerd with containerd's image store shows it: that it names a snapshotter tells clients that indexes and archives are there. */
export function workerRecord(facts: WorkerFacts): WorkerRecordMessage {
  const labels: Record<string, string> = {
    "org.mobyproject.buildkit.worker.executor": "oci",
    "org.mobyproject.buildkit.worker.hostname": facts.hostname,
    "org.mobyproject.buildkit.worker.network": "host",
    "org.mobyproject.buildkit.worker.snapshotter": "overlayfs",
  };
  if (facts.hostGatewayIp !== undefined)
    labels["org.mobyproject.buildkit.worker.moby.host-gateway-ip"] = facts.hostGatewayIp;
  return {
    id: facts.id,
    labels,
    platforms: facts.platforms.map(({ os, architecture, variant = "" }) => ({ os, architecture, variant })),
    buildkitVersion: buildkitVersion(facts.version),
  };
}

export function buildkitVersion(version: string) {
  return { package: "github.com/moby/buildkit", version, revision: "" };
}
