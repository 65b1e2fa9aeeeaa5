import { statusNotImplemented } from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";

/** `pods/proxy`, `services/proxy`, `nodes/proxy`. */
export async function refuseProxy(_context: ServerContext, { kind }: ResourceCall): Promise<Answer> {
  throw statusNotImplemented(
    `the proxy subresource of ${kind.resource} is not supported by this server; use port-forward`,
  );
}
