import { invalidArgument } from "../../../base/index.ts";
import type { Stage } from "./stage.ts";

/** The stages of a Dockerfile in their order, and behind them the images that instructions name. */
export class StageList {
  readonly all: Stage[] = [];
  readonly #byName = new Map<string, Stage>();

  /** A stage whose base is the name of an earlier one is built on that. */
  add(stage: Stage): void {
    this.all.push(stage);
    stage.base = this.#byName.get(stage.baseName);
    if (stage.name !== "") this.#byName.set(stage.name.toLowerCase(), stage);
  }

  byName(name: string): Stage | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  byIndex(index: number): Stage {
    const stage = this.all[index];
    if (!stage) throw invalidArgument(`invalid stage index ${index}`, { code: "Dockerfile.UnknownStage" });
    return stage;
  }

  names(): string[] {
    return this.all.map((stage) => stage.shownName).filter((name) => name !== "");
  }
}

/** The stage and all that it needs. */
export function reachableFrom(stage: Stage): Set<Stage> {
  const found = new Set([stage]);
  for (const one of found) {
    if (one.base) found.add(one.base);
    for (const need of one.needs.keys()) found.add(need);
  }
  return found;
}
