import { afterAll, beforeAll } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { startPlatform, type TestPlatform } from "./platform.ts";
import { type RunOptions, type RunResult, run } from "./run.ts";

/** A platform with the image busybox, and the docker client on it: one for a test file. */
export class DockerHouse {
  #platform: TestPlatform | undefined;

  get platform(): TestPlatform {
    return this.#platform!;
  }

  async open(): Promise<void> {
    this.#platform = await startPlatform();
    makeBaseImages(["busybox"], this.platform.env);
  }

  async close(): Promise<void> {
    await this.#platform?.reset();
  }

  docker(...args: string[]): Promise<RunResult> {
    return this.platform.docker(...args);
  }

  /** What a command that has to succeed writes to its output, without the last line's end. */
  async ok(...args: string[]): Promise<string> {
    const result = await this.docker(...args);
    if (result.code !== 0) {
      throw new Error(
        `docker ${args.join(" ")} exited with ${result.code}\n${result.stdout}${result.stderr}`,
      );
    }
    return result.stdout.replace(/\n$/, "");
  }

  /** As `ok`, line by line. */
  async lines(...args: string[]): Promise<string[]> {
    const text = await this.ok(...args);
    return text === "" ? [] : text.split("\n");
  }

  /** Exit code and message of a command that has to fail, without the client's own words around the message. */
  async failure(...args: string[]): Promise<[code: number, message: string]> {
    const { code, stderr, stdout } = await this.docker(...args);
    if (code === 0) throw new Error(`docker ${args.join(" ")} succeeded\n${stdout}`);
    const message = stderr
      .replace(/^docker: /, "")
      .replace(/^Error response from daemon: /, "")
      .replace(/\n\nRun 'docker .* --help' for more information\n$/, "");
    return [code, message.trim()];
  }

  /** A shell's command line with the platform's environment. */
  sh(script: string, options: RunOptions = {}): Promise<RunResult> {
    return run("sh", ["-c", script], { env: this.platform.env, ...options });
  }

  inspect(reference: string, format: string): Promise<string> {
    return this.ok("inspect", "--format", format, reference);
  }
}

/** A house that stands while the tests of the file that calls this run. */
export function useDockerHouse(): DockerHouse {
  const house = new DockerHouse();
  beforeAll(() => house.open());
  afterAll(() => house.close());
  return house;
}
