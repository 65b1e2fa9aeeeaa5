import { type Clock, conflict } from "../base/index.ts";
import type { HistoryEntry, ImageConfig } from "../formats/index.ts";
import type { ImageStore, StoredImage } from "./image-store.ts";
import type { HeldLayer, LayerStore } from "./layers/layer-store.ts";
import { hostPlatform } from "./manifests.ts";
import type { SnapshotStore } from "./snapshots/snapshot-store.ts";
import type { CommitRequest } from "./types.ts";

export interface CommitHost {
  store: ImageStore;
  layers: LayerStore;
  snapshots: SnapshotStore;
  clock: Clock;
}

/** Makes an image of a parent and a snapshot's changes. Does not yet name it. */
export async function commitImage(
  host: CommitHost,
  request: CommitRequest,
  parent: StoredImage | undefined,
): Promise<StoredImage> {
  const below = parent?.config.rootfs.diff_ids ?? [];
  const release = host.layers.hold(below);
  let made: HeldLayer | undefined;
  try {
    if (request.snapshotKey !== undefined && request.layer === undefined)
      made = await commitLayer(host, request, below);
    const top = made?.record.diffId ?? (await givenLayer(host, request, below));
    const diffIds = top === undefined ? [...below] : [...below, top];
    const isEmpty = top === undefined;
    const configText = JSON.stringify(configOf(host, request, parent, { diffIds, isEmpty }));
    const image = await host.store.put({ configText, parentId: parent?.id, storedAtMs: host.clock.nowMs() });
    if (request.snapshotKey !== undefined && !request.keepSnapshot) {
      await host.snapshots.restack(request.snapshotKey, image.id, diffIds);
    }
    return image;
  } finally {
    release();
    made?.release();
  }
}

async function givenLayer(
  { snapshots, layers }: CommitHost,
  { layer }: CommitRequest,
  below: readonly string[],
): Promise<string | undefined> {
  if (layer === undefined) return undefined;
  return (await snapshots.addsNothing(layers.diffDir(layer), below)) ? undefined : layer;
}

/** Nothing where nothing was written: as in Docker, an empty layer is none. */
async function commitLayer(
  host: CommitHost,
  request: CommitRequest,
  below: readonly string[],
): Promise<HeldLayer | undefined> {
  const key = request.snapshotKey!;
  const snapshot = host.snapshots.require(key);
  if (snapshot.layers.join() !== below.join()) {
    throw conflict(`snapshot ${key} does not lie on the image that it shall be committed onto`, {
      code: "Snapshot.WrongParent",
    });
  }
  const upper = host.snapshots.upperDir(key);
  if (await host.snapshots.isUnchanged(key)) return undefined;
  return request.keepSnapshot ? host.layers.copyOf(upper) : host.layers.adopt(upper);
}

function configOf(
  host: CommitHost,
  request: CommitRequest,
  parent: StoredImage | undefined,
  { diffIds, isEmpty }: { diffIds: string[]; isEmpty: boolean },
): ImageConfig {
  const created = new Date(request.createdAtMs ?? host.clock.nowMs()).toISOString();
  const platform = request.platform ?? platformOf(parent) ?? hostPlatform();
  const entry: HistoryEntry = { created, ...request.history };
  if (isEmpty) entry.empty_layer = true;
  return {
    created,
    ...(request.author ? { author: request.author } : {}),
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant ? { variant: platform.variant } : {}),
    config: request.config,
    rootfs: { type: "layers", diff_ids: diffIds },
    history: [...(parent?.config.history ?? []), entry],
  };
}

function platformOf(parent: StoredImage | undefined) {
  if (!parent) return undefined;
  const { architecture, os, variant } = parent.config;
  return { architecture, os, variant };
}
