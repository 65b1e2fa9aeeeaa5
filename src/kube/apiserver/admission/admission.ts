import type { Clock } from "../../../base/index.ts";
import {
  type GroupVersionKind,
  groupResourceText,
  type KindDefinition,
  type KubeObject,
  type StatusError,
  statusForbidden,
} from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { AdmissionMetrics, AdmissionStep } from "./admission-metrics.ts";

export type AdmissionOperation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/** A write on its way to the store. */
export interface AdmissionRequest {
  operation: AdmissionOperation;
  /** Whose resource it is. */
  kind: KindDefinition;
  /** What kind the objects are of: another one in a subresource with a body of its own. */
  objectKind: GroupVersionKind;
  subresource: string | undefined;
  namespace: string | undefined;
  name: string | undefined;
  /** May be changed, or exchanged, by `mutate`. Absent for deletes. */
  object: KubeObject | undefined;
  oldObject: KubeObject | undefined;
  user: UserInfo;
  dryRun: boolean;
  /** CreateOptions, UpdateOptions or DeleteOptions; connections have none. */
  readonly options: object | undefined;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  reinvocation: Reinvocation;
  /** Tells the client something beside the answer; what it was told already is not told again. */
  warn(text: string): void;
  /** Tells the audit log something; of a key that was told already, the first value stays. */
  annotate(key: string, value: string): void;
}

/** A plugin that calls out may change what others have looked at: all of `mutate` runs a second time then, and no third. */
export interface Reinvocation {
  isWanted: boolean;
  isSecond: boolean;
  /** What plugins keep from the first round for the second, by their names. */
  readonly state: Map<string, unknown>;
}

/** One rule of the house. `mutate` of all plugins runs before defaults and validation, `validate` after them. Refusals throw. */
export interface AdmissionPlugin {
  readonly name: string;
  /** The only resources that it looks at, as `groupResourceText` writes them; all where it is absent. */
  readonly looksAt?: readonly string[];
  mutate?(request: AdmissionRequest): Promise<void> | void;
  validate?(request: AdmissionRequest): Promise<void> | void;
}

export interface AdmissionTimes {
  metrics: AdmissionMetrics;
  clock: Clock;
}

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #times: AdmissionTimes | undefined;
  readonly #byKind = new WeakMap<KindDefinition, readonly AdmissionPlugin[]>();

  constructor(plugins: readonly AdmissionPlugin[], times?: AdmissionTimes) {
    this.#plugins = plugins;
    this.#times = times;
  }

  mutate(request: AdmissionRequest): Promise<void> {
    return this.#timed("admit", request, () => this.#mutate(request));
  }

  validate(request: AdmissionRequest): Promise<void> {
    return this.#timed("validate", request, () => this.#validate(request));
  }

  async #timed(step: AdmissionStep, request: AdmissionRequest, work: () => Promise<void>): Promise<void> {
    if (!this.#times) return work();
    const { metrics, clock } = this.#times;
    const startedMs = clock.monotonicMs();
    let isRejected = true;
    try {
      await work();
      isRejected = false;
    } finally {
      metrics.observe(step, request, isRejected, (clock.monotonicMs() - startedMs) / 1000);
    }
  }

  async #mutate(request: AdmissionRequest): Promise<void> {
    const plugins = this.#lookingAt(request.kind);
    await eachInTurn(plugins, (plugin) => plugin.mutate?.(request));
    if (!request.reinvocation.isWanted) return;
    request.reinvocation.isSecond = true;
    await eachInTurn(plugins, (plugin) => plugin.mutate?.(request));
  }

  async #validate(request: AdmissionRequest): Promise<void> {
    await eachInTurn(this.#lookingAt(request.kind), (plugin) => plugin.validate?.(request));
  }

  #lookingAt(kind: KindDefinition): readonly AdmissionPlugin[] {
    let plugins = this.#byKind.get(kind);
    if (!plugins) {
      const resource = groupResourceText(kind);
      plugins = this.#plugins.filter(({ looksAt }) => looksAt === undefined || looksAt.includes(resource));
      this.#byKind.set(kind, plugins);
    }
    return plugins;
  }
}

/** Who is done at once is not waited for. */
async function eachInTurn(
  plugins: readonly AdmissionPlugin[],
  ask: (plugin: AdmissionPlugin) => Promise<void> | void,
): Promise<void> {
  for (const plugin of plugins) {
    const asked = ask(plugin);
    if (asked) await asked;
  }
}

/** Whether the request concerns the resource itself (not a subresource of it). */
export function concerns(
  request: AdmissionRequest,
  group: string,
  resource: string,
  ...operations: AdmissionOperation[]
): boolean {
  const { kind, subresource, operation } = request;
  return (
    subresource === undefined &&
    kind.group === group &&
    kind.resource === resource &&
    operations.includes(operation)
  );
}

/**
 * The refusal of a plugin (apiserver's admission.NewForbidden). An object that has no name yet is told of by what its name
 * will begin with.
 */
export function refusalOf({ kind, name, object }: AdmissionRequest, why: string): StatusError {
  const metadata = object?.metadata;
  return statusForbidden(kind, name || metadata?.name || metadata?.generateName || "Unknown", why);
}
