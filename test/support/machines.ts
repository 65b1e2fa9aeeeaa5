import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import type { PlatformStatus } from "../../src/cli/index.ts";
import { gantryBinary, kubectlBinary } from "./platform.ts";
import { mustRun, type RunOptions, type RunResult, run } from "./run.ts";

/**
 * Machines made of network namespaces on one bridge: each has an address, a home, and a Gantry of its own. All share the kernel's
 * cgroups and file systems, in which instances are told apart by their ids. The bridge is in a namespace too: with bridge-nf-call-iptables
 * the rules of whatever runs on the machine itself would see what passes over it.
 */
export class Machines {
  readonly #id = randomBytes(2).toString("hex");
  readonly #all: Machine[] = [];
  readonly #net = `10.${20 + (randomBytes(1)[0]! % 80)}.${randomBytes(1)[0]!}`;

  /** The namespace of the bridge, for what all machines use. */
  get hubNetns(): string {
    return `gtl${this.#id}-hub`;
  }

  get hub(): string {
    return `${this.#net}.254`;
  }

  async open(): Promise<void> {
    await mustRun("ip", ["netns", "add", this.hubNetns]);
    for (const words of [
      "link set lo up",
      "link add lan type bridge",
      `addr add ${this.hub}/24 dev lan`,
      "link set lan up",
    ])
      await mustRun("ip", ["-n", this.hubNetns, ...words.split(" ")]);
  }

  async add(name: string): Promise<Machine> {
    const ip = `${this.#net}.${this.#all.length + 1}`;
    const netns = `gtl${this.#id}-${name}`;
    const link = `to-${name}`;
    const { hubNetns } = this;
    await mustRun("ip", ["netns", "add", netns]);
    for (const words of [
      `link add ${link} type veth peer name eth0 netns ${netns}`,
      `link set ${link} master lan up`,
    ])
      await mustRun("ip", ["-n", hubNetns, ...words.split(" ")]);
    for (const words of [
      "link set lo up",
      `addr add ${ip}/24 dev eth0`,
      "link set eth0 up",
      `route add default via ${this.#net}.254`,
    ])
      await mustRun("ip", ["-n", netns, ...words.split(" ")]);
    const machine = new Machine({ name, ip, netns, link, hubNetns });
    this.#all.push(machine);
    return machine;
  }

  /** All machines go with what runs on them. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map((machine) => machine.destroy()));
    for (const { netns } of this.#all) await run("ip", ["netns", "del", netns]);
    await run("ip", ["netns", "del", this.hubNetns]);
  }
}

interface MachineParts {
  name: string;
  ip: string;
  netns: string;
  /** The end of its cable that is not its own. */
  link: string;
  hubNetns: string;
}

export class Machine {
  readonly name: string;
  readonly ip: string;
  readonly netns: string;
  readonly home = mkdtempSync(join(tmpdir(), "gantry-m-"));
  readonly #link: string;
  readonly #hubNetns: string;

  constructor({ name, ip, netns, link, hubNetns }: MachineParts) {
    this.name = name;
    this.ip = ip;
    this.netns = netns;
    this.#link = link;
    this.#hubNetns = hubNetns;
  }

  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      GANTRY_HOME: this.home,
      DOCKER_HOST: `unix://${this.home}/docker.sock`,
      DOCKER_CONFIG: join(this.home, "docker-config"),
      KUBECONFIG: join(this.home, "kubeconfig"),
    };
  }

  get log(): string {
    const path = join(this.home, "logs", "gantry.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** A program with the machine's network; `ip netns exec` would hide the cgroups. */
  run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const words = [`--net=/run/netns/${this.netns}`, command, ...args];
    return run("nsenter", words, { env: this.env, timeoutMs: 90_000, ...options });
  }

  gantry(...args: string[]): Promise<RunResult> {
    return this.run(gantryBinary, args);
  }

  /** What it prints; anything other than success throws. */
  async mustGantry(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.gantry(...args);
    if (code === 0) return stdout;
    throw new Error(
      `gantry ${args.join(" ")} on ${this.name} exited with ${code}\n${stderr}\n${this.log.slice(-3000)}`,
    );
  }

  /** Starts it as a process of its own and waits until it is ready; how long that took. */
  async start(verb: "up" | "server" | "agent", ...args: string[]): Promise<number> {
    const startedAt = performance.now();
    await this.mustGantry(verb, "--node-name", this.name, "--detach", "--wait", ...args);
    return performance.now() - startedAt;
  }

  async join(server: Machine, ...args: string[]): Promise<number> {
    const token = (await server.mustGantry("token", "create")).trim();
    return this.start("agent", "--server", server.ip, "--token", token, ...args);
  }

  kubectl(...args: string[]): Promise<RunResult> {
    return this.run(kubectlBinary(), args);
  }

  async mustKubectl(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} exited with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  makeImages(): void {
    makeBaseImages(["busybox"], this.env);
  }

  async status(): Promise<PlatformStatus> {
    return JSON.parse(await this.mustGantry("status", "--json"));
  }

  /** kill -9 of the program; containers go on. */
  async kill(): Promise<void> {
    const { pid } = await this.status();
    process.kill(pid, "SIGKILL");
    while (existsSync(`/proc/${pid}/exe`)) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Pulls the cable, or puts it in again. */
  async setConnected(isConnected: boolean): Promise<void> {
    await mustRun("ip", ["-n", this.#hubNetns, "link", "set", this.#link, isConnected ? "up" : "down"]);
  }

  async destroy(): Promise<void> {
    const status = await this.status().catch(() => undefined);
    if (status) process.kill(status.pid, "SIGKILL");
    while (status && existsSync(`/proc/${status.pid}/exe`))
      await new Promise((resolve) => setTimeout(resolve, 5));
    await this.gantry("reset");
    rmSync(this.home, { recursive: true, force: true });
  }
}
