import type { Bounds } from "./bounds.ts";

/** Sizes of the keys (or indices) and values of a list or map. */
export interface EntrySizes {
  container: "list" | "map";
  key: Bounds;
  value: Bounds;
}

/** What is known of a variable that a macro binds. */
export interface LocalVariable {
  path: readonly string[];
  size?: Bounds;
  entries?: EntrySizes;
}

/** Variables by name, the innermost one first. */
export class EstimatorScopes {
  readonly #stacks = new Map<string, LocalVariable[]>();

  push(name: string, variable: LocalVariable): void {
    const stack = this.#stacks.get(name);
    if (stack === undefined) this.#stacks.set(name, [variable]);
    else stack.push(variable);
  }

  pop(name: string): void {
    this.#stacks.get(name)?.pop();
  }

  peek(name: string): LocalVariable | undefined {
    return this.#stacks.get(name)?.at(-1);
  }
}
