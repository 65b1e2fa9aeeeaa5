import { isGantryError } from "../../../base/index.ts";
import {
  type KindDefinition,
  parseApiVersion,
  type Scale,
  type V2HorizontalPodAutoscaler,
} from "../../api/index.ts";
import type { ControllerDependencies } from "../controller.ts";

/** What is scaled, by whichever of its kind's versions tells of it. */
export interface ScaleTarget {
  kind: KindDefinition;
  scale: Scale;
}

/** Reads the target's scale. Throws what the autoscaler tells. */
export async function readScaleTarget(
  { client, kinds }: Pick<ControllerDependencies, "client" | "kinds">,
  { metadata, spec }: V2HorizontalPodAutoscaler,
): Promise<ScaleTarget> {
  const { apiVersion = "", kind: wanted, name } = spec.scaleTargetRef;
  const { group } = parseApiVersion(apiVersion);
  const candidates = kinds.served().filter((one) => one.group === group && one.kind === wanted);
  if (candidates.length === 0) {
    throw new Error(`no matches for kind ${JSON.stringify(wanted)} in group ${JSON.stringify(group)}`);
  }
  let first: unknown;
  for (const kind of candidates) {
    try {
      const scale = await client.get<Scale>(kind, metadata.namespace, name, { subresource: "scale" });
      return { kind, scale };
    } catch (error) {
      first ??= error;
      if (!isGantryError(error, "NotFound")) break;
    }
  }
  throw first;
}
