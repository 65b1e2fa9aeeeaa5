import type { Conversion } from "./conversion.ts";
import type { InstructionExpander } from "./expand-instruction.ts";
import type { Linter } from "./lint/linter.ts";
import type { Stage, StageCommand } from "./stage.ts";

/** What carrying out one instruction needs to know. */
export interface Step {
  conversion: Conversion;
  stage: Stage;
  command: StageCommand;
  linter: Linter;
  expand: InstructionExpander;
}

/** A variable that is set again stands last. */
export function setEnv(stage: Stage, key: string, value: string): void {
  stage.env.delete(key);
  stage.env.set(key, value);
}
