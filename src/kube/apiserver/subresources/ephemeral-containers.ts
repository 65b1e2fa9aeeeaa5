import { statusNotImplemented } from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { getObject } from "../verbs/read-objects.ts";

/** `pods/NAME/ephemeralcontainers` (`kubectl debug`): can be read, but not added to yet. */
export async function updateEphemeralContainers(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind, info } = call;
  if (info.verb === "get") return { form: "object", kind, object: await getObject(context, call), code: 200 };
  throw statusNotImplemented("ephemeral containers are not supported by this server");
}
