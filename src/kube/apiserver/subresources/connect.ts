import { type KubeObject, statusBadRequest, subresourcesOf } from "../../api/index.ts";
import { isTrue } from "../request-info.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { admissionRequest } from "../verbs/admission-request.ts";
import type { SubresourceHandler } from "./subresources.ts";

/** A subresource that opens a connection (`exec`, `proxy`): admission is asked before anything is looked up. */
export function connecting(handler: SubresourceHandler): SubresourceHandler {
  return async (context, call) => {
    await admitConnection(context, call);
    return handler(context, call);
  };
}

async function admitConnection(context: ServerContext, call: ResourceCall): Promise<void> {
  const { kind, version } = subresourcesOf(call.kind).find(({ name }) => name === call.info.subresource)!;
  const object = { kind, apiVersion: version, ...optionsOf(call) } as unknown as KubeObject;
  const admission = admissionRequest(call, "CONNECT", { object, kind: { group: "", version, kind } });
  await context.admission.mutate(admission);
  await context.admission.validate(admission);
}

/** core/v1 PodExecOptions, PodAttachOptions, PodPortForwardOptions and the three kinds of ProxyOptions, as the query gives them. */
function optionsOf({ info, params }: ResourceCall): object {
  switch (info.subresource) {
    case "exec":
    case "attach": {
      const wanted = ["stdin", "stdout", "stderr", "tty"].filter((name) => isTrue(params.get(name)));
      const container = params.get("container");
      const command = params.getAll("command");
      return {
        ...Object.fromEntries(wanted.map((name) => [name, true])),
        ...(container ? { container } : {}),
        ...(info.subresource === "exec" ? { command } : {}),
      };
    }
    case "portforward": {
      const ports = params
        .getAll("ports")
        .flatMap((list) => list.split(","))
        .map(portNumber);
      return ports.length > 0 ? { ports } : {};
    }
    default:
      return { path: info.rest === undefined ? "" : `/${info.rest}` };
  }
}

/** Only WebSocket clients name them, as lists with commas too (Convert_Slice_string_To_Slice_int32). */
function portNumber(port: string): number {
  const isNumber = /^\d+$/.test(port);
  if (isNumber && Number(port) <= 0xffff) return Number(port);
  const why = isNumber ? "value out of range" : "invalid syntax";
  throw statusBadRequest(
    `cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(port)}: ${why}`,
  );
}
