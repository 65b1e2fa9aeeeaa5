import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "../base/index.ts";
import { hostInfo } from "../kernel/index.ts";
import type { OciSeccomp, OciSpec } from "./oci-spec.ts";
import type { RuntimeInfo } from "./types.ts";

/** crun takes the filter from this annotation, base64, instead of compiling `linux.seccomp` (crun(1)). */
const ANNOTATION = "run.oci.seccomp_bpf_data";

/**
 * Compiling a seccomp profile takes crun longer than all the rest of a start. The filter that it made for the first
 * container with a profile is kept and handed to it for the next ones.
 */
export class SeccompCache {
  readonly #dir: string;
  readonly #runtime: RuntimeInfo;
  readonly #keys = new WeakMap<OciSeccomp, string>();
  readonly #filters = new Map<string, string>();

  constructor(dir: string, runtime: RuntimeInfo) {
    this.#dir = dir;
    this.#runtime = runtime;
  }

  open(): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
  }

  /** Adds the compiled filter to a specification where there is one. Returns how to keep the one that will be made. */
  apply(spec: OciSpec): (compiledFile: string) => void {
    const profile = spec.linux.seccomp;
    if (!profile || this.#runtime.name !== "crun") return () => {};
    const key = this.#keyOf(profile);
    const filter = this.#find(key);
    if (!filter) return (compiledFile) => this.#keep(key, compiledFile);
    spec.annotations = { ...spec.annotations, [ANNOTATION]: filter };
    return () => {};
  }

  #keyOf(profile: OciSeccomp): string {
    let key = this.#keys.get(profile);
    if (!key) {
      const made = [
        JSON.stringify(profile),
        this.#runtime.version,
        hostInfo().kernelVersion,
        hostInfo().machine,
      ];
      key = createHash("sha256").update(made.join("\0")).digest("hex");
      this.#keys.set(profile, key);
    }
    return key;
  }

  #find(key: string): string | undefined {
    let filter = this.#filters.get(key);
    if (filter) return filter;
    try {
      filter = readFileSync(join(this.#dir, key)).toString("base64");
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return undefined;
      throw error;
    }
    this.#filters.set(key, filter);
    return filter;
  }

  #keep(key: string, compiledFile: string): void {
    let filter: Buffer;
    try {
      filter = readFileSync(compiledFile);
    } catch {
      // This version of the runtime keeps it elsewhere: then each start compiles.
      return;
    }
    if (filter.length === 0 || filter.length % 8 !== 0) return;
    const path = join(this.#dir, key);
    writeFileSync(`${path}.tmp`, filter, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }
}
