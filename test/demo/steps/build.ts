import { makeBaseImages } from "../../../examples/base-images/make.mjs";
import type { Tour } from "../tour.ts";

export async function buildStep(tour: Tour): Promise<void> {
  const { walk, platform } = tour;
  await walk.step("Base images, made from what this machine has", async () => {
    makeBaseImages(["busybox", "node"], platform.env);
    const images = await tour.docker("images");
    walk.check(
      "busybox and node are there",
      /busybox\s+latest/.test(images.stdout) && /node\s+24/.test(images.stdout),
    );
  });

  await walk.step("2. docker build", async () => {
    const first = await tour.docker("build", "-t", tour.image("1.0"), tour.example);
    walk.check(
      "the image is built and tagged",
      first.code === 0 && first.stdout.includes(`Successfully tagged ${tour.image("1.0")}`),
      first.stderr,
    );
    const second = await tour.docker("build", "-t", tour.image("1.0"), tour.example);
    const steps = second.stdout.match(/^Step \d+\/\d+/gm)?.length ?? 0;
    const hits = second.stdout.match(/Using cache/g)?.length ?? 0;
    const froms = second.stdout.match(/: (FROM|ARG NODE_VERSION)/g)?.length ?? 0;
    walk.check(
      "a second build is all cache hits",
      second.code === 0 && steps > 5 && hits === steps - froms,
      `${hits} hits of ${steps} steps`,
    );
  });
}
