import type { Variables } from "../../formats/index.ts";

/** Usable in RUN without an ARG, and no part of what a step is known by: they say how to reach the net, not what to build. */
const PREDEFINED = [
  "HTTP_PROXY",
  "http_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "FTP_PROXY",
  "ftp_proxy",
  "NO_PROXY",
  "no_proxy",
  "ALL_PROXY",
  "all_proxy",
];

/** Values of `--build-arg` and of what stands before the first FROM: shared by all stages of a build. */
export class GlobalArgs {
  readonly #given: ReadonlyMap<string, string>;
  readonly #defaults: ReadonlyMap<string, string>;
  readonly #meta = new Map<string, string>();
  readonly #declared = new Set<string>(PREDEFINED);

  /** `defaults`: values that ARG gets without anybody having given one, such as TARGETARCH. */
  constructor(given: Readonly<Record<string, string | null>>, defaults: Readonly<Record<string, string>>) {
    this.#given = new Map(
      Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== null),
    );
    this.#defaults = new Map(Object.entries(defaults));
  }

  /** An ARG before the first FROM. */
  declareMeta(key: string, value: string | undefined): void {
    this.#declared.add(key);
    const effective = this.#given.get(key) ?? value ?? this.#defaults.get(key);
    if (effective !== undefined) this.#meta.set(key, effective);
  }

  /** An ARG somewhere in the Dockerfile, be its stage needed or not. */
  mention(key: string): void {
    this.#declared.add(key);
  }

  /** What FROM lines may use. */
  metaVariables(): Variables {
    return new Map([...this.#defaults, ...this.#meta]);
  }

  /** Value of an ARG inside a stage. */
  resolve(key: string, value: string | undefined): string | undefined {
    this.#declared.add(key);
    return this.#given.get(key) ?? value ?? this.#meta.get(key) ?? this.#defaults.get(key);
  }

  /** Proxy settings that were given. */
  predefined(): [string, string][] {
    return PREDEFINED.flatMap((key) => {
      const value = this.#given.get(key);
      return value === undefined ? [] : [[key, value] satisfies [string, string]];
    });
  }

  /** Given, but named by no ARG. */
  unused(): string[] {
    return [...this.#given.keys()].filter((key) => !this.#declared.has(key)).sort();
  }
}

/** ARGs of one stage, in effect from their line on. */
export class StageArgs {
  readonly #global: GlobalArgs;
  readonly #values = new Map<string, string>();

  constructor(global: GlobalArgs) {
    this.#global = global;
  }

  declare(key: string, value: string | undefined): void {
    const effective = this.#global.resolve(key, value);
    if (effective === undefined) this.#values.delete(key);
    else this.#values.set(key, effective);
  }

  /** What substitutions see: ENV wins over ARG. */
  variables(env: readonly string[]): Variables {
    return new Map([...this.#global.predefined(), ...this.#values, ...env.map(splitEnv)]);
  }

  /** `KEY=value` of the ARGs that ENV does not hide: part of what a RUN step is known by. */
  effective(env: readonly string[]): string[] {
    const hidden = new Set(env.map((entry) => splitEnv(entry)[0]));
    return [...this.#values]
      .filter(([key]) => !hidden.has(key))
      .map(([key, value]) => `${key}=${value}`)
      .sort();
  }

  /** Proxy settings for RUN that neither ARG nor ENV name. */
  predefined(env: readonly string[]): string[] {
    const hidden = new Set([...env.map((entry) => splitEnv(entry)[0]), ...this.#values.keys()]);
    return this.#global
      .predefined()
      .filter(([key]) => !hidden.has(key))
      .map(([key, value]) => `${key}=${value}`);
  }
}

function splitEnv(entry: string): [string, string] {
  const equals = entry.indexOf("=");
  return equals < 0 ? [entry, ""] : [entry.slice(0, equals), entry.slice(equals + 1)];
}
