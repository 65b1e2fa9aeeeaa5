import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DockerHouse } from "./docker.ts";
import { gantryBinary } from "./platform.ts";
import { PLUGIN_CONFIG } from "./plugins.ts";
import { type RunOptions, type RunResult, run } from "./run.ts";

/** A directory with a Compose file, and both who can do something with it: `gantry compose` and the plugin. */
export class ComposeProject {
  readonly directory: string;
  readonly #house: DockerHouse;

  constructor(house: DockerHouse, files: Readonly<Record<string, string>>) {
    this.#house = house;
    this.directory = mkdtempSync(join(tmpdir(), "gantry-compose-"));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    const place = join(this.directory, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  }

  gantry(...args: string[]): Promise<RunResult> {
    return this.gantryWith({}, ...args);
  }

  gantryWith(options: RunOptions, ...args: string[]): Promise<RunResult> {
    const { env } = this.#house.platform;
    return run(gantryBinary, ["compose", ...args], {
      cwd: this.directory,
      timeoutMs: 90_000,
      ...options,
      env: { ...env, ...options.env },
    });
  }

  plugin(...args: string[]): Promise<RunResult> {
    const env = { ...this.#house.platform.env, DOCKER_CONFIG: PLUGIN_CONFIG };
    return run("docker", ["compose", ...args], { cwd: this.directory, env, timeoutMs: 90_000 });
  }

  /** What a command that has to succeed prints. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.gantry(...args);
    if (code !== 0)
      throw new Error(`gantry compose ${args.join(" ")} exited with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Takes all of it away. */
  async end(): Promise<void> {
    await this.gantry("down", "--volumes", "--remove-orphans", "--timeout", "0");
    rmSync(this.directory, { recursive: true, force: true });
  }
}
