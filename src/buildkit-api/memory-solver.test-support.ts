import { GantryError } from "../base/index.ts";
import { type BuildTree, CacheChains, type JobOptions, type Solver } from "../build/index.ts";

const LINUX = { os: "linux", architecture: "amd64" };

/** Solves everything at once: a tree with one file, and an event for each thing done. */
export class MemorySolver implements Solver {
  readonly open = new Set<object>();
  readonly allowed: string[][] = [];
  failure: GantryError | undefined;
  /** Solving waits for it, or for the end of the job. */
  gate: Promise<void> = Promise.resolve();

  startJob({ id, session, signal, onEvent, entitlements }: JobOptions) {
    this.allowed.push([...entitlements]);
    const tell = (digest: string, name: string, rest: object) =>
      onEvent({
        kind: "vertex",
        digest,
        inputs: [],
        name,
        cached: false,
        error: "",
        startedMs: 1000,
        ...rest,
      });
    return {
      id,
      session,
      signal,
      solve: async () => {
        tell("sha256:a", "RUN x", {});
        onEvent({
          kind: "log",
          vertex: "sha256:a",
          stream: 1,
          data: Buffer.from("hello\n"),
          timestampMs: 1500,
        });
        await Promise.race([
          this.gate,
          new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(new GantryError("Canceled", "context canceled"))),
          ),
        ]);
        if (this.failure) {
          tell("sha256:a", "RUN x", { completedMs: 2000, error: this.failure.message });
          throw this.failure;
        }
        tell("sha256:a", "RUN x", { completedMs: 2000 });
        return this.#tree();
      },
      resolveImage: async (reference: string) => ({
        reference: `docker.io/library/${reference}:latest`,
        digest: `sha256:${"1".repeat(64)}`,
        config: { ...LINUX, config: { Env: ["A=b"] } } as never,
      }),
      step: async <T>(_name: string, work: (step: never) => Promise<T>) =>
        work({ status() {}, log() {} } as never),
      useCache: () => {},
      cacheChains: async () => new CacheChains(),
      operationsOf: async () => [],
      warn: (warning: object) => onEvent({ kind: "warning", ...warning } as never),
      close: async () => {},
    };
  }

  async diskUsage() {
    return [
      {
        id: "one",
        parents: ["zero"],
        description: "a record",
        recordType: "regular",
        sizeBytes: 42,
        createdAtMs: 1_500,
        lastUsedAtMs: undefined,
        usageCount: 3,
        mutable: false,
        inUse: true,
        shared: false,
      },
    ];
  }

  async prune({ keepDurationMs }: { keepDurationMs?: number }) {
    return (await this.diskUsage()).map((usage) => ({ ...usage, usageCount: keepDurationMs ?? 0 }));
  }

  #tree(): BuildTree {
    const tree: BuildTree = {
      layers: async () => [],
      readFile: async (path) => {
        if (path !== "/f") throw new GantryError("NotFound", `open ${path}: no such file or directory`);
        return Buffer.from("content");
      },
      readDirectory: async () => [],
      stat: async () => {
        throw new GantryError("NotFound", "no such file or directory");
      },
      open: async () => {
        throw new Error("not here");
      },
      release: async () => {
        this.open.delete(tree);
      },
    };
    this.open.add(tree);
    return tree;
  }
}
