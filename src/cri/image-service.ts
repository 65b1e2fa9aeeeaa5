import type { Engine } from "../engine/types.ts";
import type { ImageRecord, ImageService } from "../images/types.ts";
import type { CriImage, CriImageService } from "./types.ts";

/** CRI's view of the house's one image store: what `docker build` made is there, with no pull. */
export function createCriImageService(
  images: ImageService,
  engine: Pick<Engine, "listContainers">,
): CriImageService {
  return {
    async listImages() {
      return (await images.list()).map(toCriImage);
    },
    async imageStatus(image) {
      const record = await images.find(image);
      return record && toCriImage(record);
    },
    async pullImage(image, auth, signal) {
      const record = await images.pull(image, {
        ...(auth ? { auth: { username: auth.username, password: auth.password } } : {}),
        ...(signal ? { signal } : {}),
      });
      return record.id;
    },
    async removeImage(image) {
      if (!(await images.find(image))) return;
      const used = await imagesOfDocker(engine);
      const inUse = (imageId: string) => used.get(imageId);
      await images.remove(image, { force: false, prune: true, inUse });
    },
  };
}

/** What containers that are no pod's are made of is not the kubelet's to remove. */
async function imagesOfDocker(engine: Pick<Engine, "listContainers">): Promise<Map<string, string>> {
  const containers = await engine.listContainers({ owner: "docker", all: true });
  return new Map(
    containers.map(({ Id, ImageID, State }) => [
      ImageID,
      `${State === "running" ? "running" : "stopped"} container ${Id.slice(0, 12)}`,
    ]),
  );
}

function toCriImage(record: ImageRecord): CriImage {
  return {
    id: record.id,
    repoTags: record.references,
    repoDigests: record.digestReferences,
    sizeBytes: record.sizeBytes,
    ...userOf(record.config.config?.User ?? ""),
  };
}

/** The image's USER without its group: a number, or a name that only the image's own passwd file can resolve. */
function userOf(user: string): { uid?: number; username?: string } {
  const name = user.split(":")[0]!;
  if (name === "") return { uid: 0 };
  return /^\d+$/.test(name) ? { uid: Number(name) } : { username: name };
}
