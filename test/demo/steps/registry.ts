import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tour } from "../tour.ts";

export async function registryStep(tour: Tour): Promise<void> {
  const { walk, platform } = tour;
  await walk.step("4. docker push, rmi, pull; skopeo", async () => {
    const image = tour.image("1.0");
    const push = await tour.docker("push", image);
    const digest = /1\.0: digest: (sha256:[0-9a-f]{64}) size: \d+/.exec(push.stdout)?.[1];
    walk.check("docker push prints the digest", push.code === 0 && digest !== undefined, push.stderr);
    const id = (await platform.docker("image", "inspect", "-f", "{{.Id}}", image)).stdout;
    const rmi = await tour.docker("rmi", image);
    walk.check("docker rmi", rmi.code === 0 && rmi.stdout.includes(`Untagged: ${image}`), rmi.stderr);
    const pull = await tour.docker("pull", image);
    walk.check(
      "docker pull brings it back",
      pull.code === 0 && pull.stdout.includes(`Digest: ${digest}`),
      pull.stderr,
    );
    const again = (await platform.docker("image", "inspect", "-f", "{{.Id}}", image)).stdout;
    walk.check("with the same image id", id === again && id.startsWith("sha256:"), `${id} ${again}`);
    const inspect = await walk.show("skopeo", [
      "inspect",
      "--tls-verify=false",
      "--format",
      "{{.Digest}}",
      `docker://${image}`,
    ]);
    walk.check("skopeo reads the same digest", inspect.stdout.trim() === digest, inspect.stderr);
    const dir = mkdtempSync(join(tmpdir(), "gantry-skopeo-"));
    const copy = await walk.show("skopeo", [
      "copy",
      "--insecure-policy",
      "--src-tls-verify=false",
      "--dest-tls-verify=false",
      `docker://${image}`,
      `docker://${platform.registry}/shop/copy:1.0`,
    ]);
    walk.check("skopeo copies within the registry", copy.code === 0, copy.stderr);
    rmSync(dir, { recursive: true, force: true });
  });
}
