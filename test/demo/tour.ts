import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubectlBinary, repository, type TestPlatform } from "../support/platform.ts";
import type { RunResult } from "../support/run.ts";
import type { Walk } from "./walk.ts";

/** What the steps share: the platform, the walk, and short forms of the clients. */
export class Tour {
  readonly platform: TestPlatform;
  readonly walk: Walk;
  readonly example = join(repository, "examples", "web");
  /** The manifest with this platform's registry in its image name. */
  readonly manifest: string;

  constructor(platform: TestPlatform, walk: Walk) {
    this.platform = platform;
    this.walk = walk;
    const text = readFileSync(join(this.example, "k8s.yaml"), "utf8").replaceAll(
      "127.0.0.1:5000",
      platform.registry,
    );
    this.manifest = join(mkdtempSync(join(tmpdir(), "gantry-demo-")), "k8s.yaml");
    writeFileSync(this.manifest, text);
  }

  image(version: string): string {
    return `${this.platform.registry}/shop/web:${version}`;
  }

  docker(...args: string[]): Promise<RunResult> {
    return this.walk.show("docker", args);
  }

  kubectl(...args: string[]): Promise<RunResult> {
    return this.walk.show(kubectlBinary(), args, { shownAs: "kubectl" });
  }

  /** Output of a quiet kubectl call. */
  async ask(...args: string[]): Promise<string> {
    const result = await this.platform.kubectl(...args);
    if (result.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
    return result.stdout.trim();
  }

  /** Pods of the example that are not on their way out: name, restarts, ready, uid. */
  async pods(): Promise<{ name: string; restarts: number; ready: boolean; uid: string; ip: string }[]> {
    const list = JSON.parse(await this.ask("get", "pods", "-l", "app=web", "-o", "json"));
    // biome-ignore lint/suspicious/noExplicitAny: a Pod as JSON
    const alive = list.items.filter((pod: any) => !pod.metadata.deletionTimestamp);
    // biome-ignore lint/suspicious/noExplicitAny: a Pod as JSON
    return alive.map((pod: any) => ({
      name: pod.metadata.name,
      uid: pod.metadata.uid,
      ip: pod.status.podIP,
      restarts: pod.status.containerStatuses?.[0]?.restartCount ?? 0,
      ready:
        pod.status.conditions?.some(
          (one: { type: string; status: string }) => one.type === "Ready" && one.status === "True",
        ) ?? false,
    }));
  }

  /** The Service's load-balancer address. */
  serviceAddress(): Promise<string> {
    return this.ask("get", "service", "web", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}");
  }
}
