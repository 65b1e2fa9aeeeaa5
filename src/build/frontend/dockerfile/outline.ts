import type { LineRange } from "./source-map.ts";

export interface OutlineArg {
  key: string;
  value: string;
  description: string;
  /** Arguments that its value was made of. */
  needs: ReadonlySet<string>;
  lines: LineRange | undefined;
}

export interface OutlineSecret {
  isRequired: boolean;
  lines: LineRange | undefined;
}

/** What a client can give to a stage: arguments, secrets, agents. */
export class Outline {
  readonly args: Map<string, OutlineArg>;
  readonly used: Set<string>;
  readonly secrets: Map<string, OutlineSecret>;
  readonly ssh: Map<string, OutlineSecret>;

  constructor(from?: Outline) {
    this.args = new Map(from?.args);
    this.used = new Set(from?.used);
    this.secrets = new Map(from?.secrets);
    this.ssh = new Map(from?.ssh);
  }

  /** Names of the arguments that are used, be it only for the value of another one. */
  allUsed(): Set<string> {
    const all = new Set(this.used);
    for (const key of all) for (const need of this.args.get(key)?.needs ?? []) all.add(need);
    return all;
  }
}
