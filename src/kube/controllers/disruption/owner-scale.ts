import { isGantryError } from "../../../base/index.ts";
import { groupResourceText, parseApiVersion } from "../../api/index.ts";
import type { ApiObject, OwnerReference } from "../../api/types.ts";
import type { ControllerDependencies } from "../controller.ts";
import type { Scale } from "./expected-pods.ts";

type ScaleObject = ApiObject & { spec?: { replicas?: number } };

/** What the owner's scale says; undefined where the owner is gone. Whose kind has no scale cannot be counted. */
export async function scaleOf(
  { client, kinds }: Pick<ControllerDependencies, "client" | "kinds">,
  { apiVersion, kind, name, uid }: OwnerReference,
  namespace: string,
): Promise<Scale | undefined> {
  const { group, version } = parseApiVersion(apiVersion);
  const definition = kinds.findByKind(group, version, kind);
  if (!definition)
    throw new Error(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
  if (!definition.scale)
    throw new Error(`${groupResourceText(definition)} does not implement the scale subresource`);
  try {
    const scale: ScaleObject = await client.get(definition, namespace, name, { subresource: "scale" });
    if (scale.metadata.uid !== uid) return undefined;
    return { uid, replicas: scale.spec?.replicas ?? 0 };
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    throw error;
  }
}
