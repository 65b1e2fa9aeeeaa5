import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { startDockerdPeer } from "../support/dockerd-peer.ts";
import type { TestPlatform } from "../support/platform.ts";
import { mustRun } from "../support/run.ts";
import { type Figures, measure } from "./median.ts";

const RUNS = 15;

export interface DockerRunReport {
  gantry: Figures;
  dockerd?: Figures & { version: string };
  /** Gantry's median as a share of dockerd's. */
  ratio?: number;
}

/** `docker run --rm busybox true` on the default bridge, the same client against both. */
export async function benchDockerRun(platform: TestPlatform): Promise<DockerRunReport> {
  const timeRun = async (env: NodeJS.ProcessEnv) =>
    (await mustRun("docker", ["run", "--rm", "busybox", "true"], { env })).ms;
  const gantry = await measure(RUNS, () => timeRun(platform.env));
  const peer = await startDockerdPeer();
  if (!peer) return { gantry };
  try {
    makeBaseImages(["busybox"], peer.env);
    const dockerd = { ...(await measure(RUNS, () => timeRun(peer.env))), version: peer.version };
    return { gantry, dockerd, ratio: Math.round((gantry.medianMs / dockerd.medianMs) * 100) / 100 };
  } finally {
    await peer.stop();
  }
}
