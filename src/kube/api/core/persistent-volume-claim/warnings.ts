import type { PersistentVolumeClaimSpec } from "../../generated/types.ts";
import { warningsOfFractions } from "../pod/warnings.ts";

/** Storage is counted in bytes, of which there are no parts. */
export function warningsOfClaimSpec({ resources }: PersistentVolumeClaimSpec, path: string): string[] {
  return (["requests", "limits"] as const).flatMap((list) =>
    warningsOfFractions(resources?.[list], `${path}.resources.${list}`, ["storage"]),
  );
}
