import { rfc3339Nanos } from "../../base/index.ts";
import { familiarText } from "../../formats/index.ts";
import type { ImageRecord } from "../../images/types.ts";
import { containerConfig, encodeStruct, imageConfig } from "../json/index.ts";

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
    ...namesOf(image, options.apiMinor),
    SharedSize: -1,
    Size: image.sizeBytes,
    ...(options.apiMinor < 44 ? { VirtualSize: image.sizeBytes } : {}),
  };
}

/** Before API 1.43 an image without any name had these for names, and nil where there was one of the kinds. */
function namesOf({ references, digestReferences }: ImageRecord, apiMinor: number): Record<string, unknown> {
  const RepoTags = references.map(familiarText);
  const RepoDigests = digestReferences.map(familiarText);
  if (apiMinor >= 43) return { RepoDigests, RepoTags };
  if (RepoTags.length + RepoDigests.length === 0) {
    return { RepoDigests: ["<none>@<none>"], RepoTags: ["<none>:<none>"] };
  }
  const orNull = (names: string[]) => (names.length > 0 ? names : null);
  return { RepoDigests: orNull(RepoDigests), RepoTags: orNull(RepoTags) };
}

/** `GET /images/{name}/json`. Until API 1.50 the configuration was shown as if it were a container's. */
export function imageInspect(image: ImageRecord, apiMinor: number): Record<string, unknown> {
  const { config } = image;
  const runtime = config.config ?? {};
  return {
    Id: image.id,
    RepoTags: image.references.map(familiarText),
    RepoDigests: image.digestReferences.map(familiarText),
    Parent: image.parentId ?? "",
    Comment: config.history?.at(-1)?.comment ?? "",
    Created: config.created ?? rfc3339Nanos(image.createdAtMs),
    ...(apiMinor < 45 ? { ContainerConfig: encodeStruct(containerConfig, {}) } : {}),
    DockerVersion: "",
    Author: config.author ?? "",
    Config: encodeStruct(apiMinor < 50 ? containerConfig : imageConfig, runtime),
    Architecture: config.architecture,
    ...(config.variant ? { Variant: config.variant } : {}),
    Os: config.os,
    Size: image.sizeBytes,
    ...(apiMinor < 44 ? { VirtualSize: image.sizeBytes } : {}),
    GraphDriver: { Data: null, Name: "overlay2" },
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
