import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importBusybox, openTestHome, type TestHome } from "../engine/testing/test-home.ts";
import { createCriImageService } from "./image-service.ts";
import type { CriImageService } from "./types.ts";

describe("the house's images as the kubelet sees them", () => {
  let home: TestHome;
  let images: CriImageService;
  beforeAll(async () => {
    home = await openTestHome({ instanceId: "c21c22" });
    await importBusybox(home.images, "busybox:used");
    images = createCriImageService(home.images, home.engine);
  });
  afterAll(() => home?.close());

  it("are not removed while a container that is no pod's is made of them", async () => {
    const { id } = await home.engine.createContainer({
      config: { Image: "busybox:used" },
      hostConfig: {},
    });
    const image = (await images.imageStatus("busybox:used"))!;
    await expect(images.removeImage(image.id)).rejects.toThrow("stopped container");
    expect(await images.imageStatus("busybox:used")).toBeDefined();
    await home.engine.removeContainer(id, { force: true });
    for (const reference of image.repoTags) await images.removeImage(reference);
    expect(await images.imageStatus("busybox:used")).toBeUndefined();
  });
});
