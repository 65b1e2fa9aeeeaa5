import { rfc3339Nanos } from "../../base/index.ts";
import { familiarText } from "../../formats/index.ts";
import type { ImageRecord } from "../../images/types.ts";

/** One row of `GET /images/json`. */
export function imageSummary(
  image: ImageRecord,
  options: { containers: number; apiMinor: number },
): Record<string, unknown> {
  return {
    Containers: options.containers,
    Created: Math.floor(image.createdAtMs / 1000),
    Id: image.id,
    Labels: image.config.config?.Labels ?? null,
    ParentId: image.parentId ?? "",
    RepoDigests: image.digestReferences.map(familiarText),
    RepoTags: image.references.map(familiarText),
    SharedSize: -1,
    Size: image.sizeBytes,
    ...(options.apiMinor < 44 ? { VirtualSize: image.sizeBytes } : {}),
  };
}

/** `GET /images/{name}/json`. */
export function imageInspect(image: ImageRecord, apiMinor: number): Record<string, unknown> {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: image.references.map(familiarText),
    RepoDigests: image.digestReferences.map(familiarText),
    Parent: image.parentId ?? "",
    Comment: config.history?.at(-1)?.comment ?? "",
    Created: config.created ?? rfc3339Nanos(image.createdAtMs),
    DockerVersion: "",
    Author: config.author ?? "",
    Config: {
      Hostname: "",
      Domainname: "",
      User: "",
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: null,
      Cmd: null,
      Image: "",
      Volumes: null,
      WorkingDir: "",
      Entrypoint: null,
      OnBuild: null,
      Labels: null,
      ...config.config,
    },
    Architecture: config.architecture,
    ...(config.variant ? { Variant: config.variant } : {}),
    Os: config.os,
    Size: image.sizeBytes,
    ...(apiMinor < 44 ? { VirtualSize: image.sizeBytes } : {}),
    GraphDriver: { Name: "overlay2", Data: null },
    RootFS: { Type: "layers", Layers: config.rootfs.diff_ids },
    Metadata: {
      LastTagTime: image.lastTaggedAtMs > 0 ? rfc3339Nanos(image.lastTaggedAtMs) : "0001-01-01T00:00:00Z",
    },
  };
}

/** `GET /images/{name}/history`, newest first. Steps whose image is kept here are named by its id. */
export function imageHistory(
  image: ImageRecord,
  parents: ReadonlyMap<string, ImageRecord>,
): Record<string, unknown>[] {
  const entries = [...(image.config.history ?? [])].reverse();
  const sizes = [...(image.layerSizes ?? [])];
  let current: ImageRecord | undefined = image;
  return entries.map((entry) => {
    const owner = current;
    current = owner?.parentId === undefined ? undefined : parents.get(owner.parentId);
    return {
      Comment: entry.comment ?? "",
      Created: Math.floor(Date.parse(entry.created ?? "") / 1000) || 0,
      CreatedBy: entry.created_by ?? "",
      Id: owner ? owner.id : "<missing>",
      Size: entry.empty_layer ? 0 : (sizes.pop() ?? 0),
      Tags: owner && owner.references.length > 0 ? owner.references.map(familiarText) : null,
    };
  });
}
