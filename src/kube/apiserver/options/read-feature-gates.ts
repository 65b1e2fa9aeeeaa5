import type { FlagValues } from "../../../formats/index.ts";
import { parseGoBool } from "../../../formats/index.ts";
import type { OptionProblems } from "./option-problems.ts";

/** The gates that can be turned here, with their defaults in this version. All others stand as they do by default. */
const GATES = { ComponentFlagz: false, ComponentStatusz: false };

export type FeatureGates = Record<keyof typeof GATES, boolean>;

/** `--feature-gates A=true,B=false`, in the words of upstream where it refuses. */
export function readFeatureGates(flags: FlagValues, problems: OptionProblems): FeatureGates {
  const gates: FeatureGates = { ...GATES };
  for (const pair of flags.list("feature-gates").flatMap((value) => value.split(","))) {
    const [, name, value] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (name === undefined) {
      if (pair !== "") problems.add(`missing bool value for ${pair}`);
      continue;
    }
    const isOn = parseGoBool(value!);
    if (isOn === undefined)
      problems.add(
        `invalid value of ${name}=${value}, err: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
      );
    else if (!Object.hasOwn(gates, name)) problems.add(`unrecognized feature gate: ${name}`);
    else gates[name as keyof FeatureGates] = isOn;
  }
  return gates;
}
