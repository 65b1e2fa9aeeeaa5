import { type FieldError, statusInvalid } from "../../api/index.ts";
import type { PodLogOptions } from "../../client/node-access.ts";
import { nodeReader, requireNode } from "../nodes/node-reader.ts";
import { isTrue } from "../request-info.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { findPodTarget } from "./pod-target.ts";

/** `pods/NAME/log`. A pod without a node has no log yet: 204. */
export async function readPodLog(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const options = parseLogOptions(call);
  const { target } = await findPodTarget(context, call);
  if (target.nodeName === "") return { form: "text", chunks: undefined };
  const node = requireNode(nodeReader(context, target.nodeName));
  return { form: "text", chunks: await node.logs(target, options, call.signal) };
}

function parseLogOptions({ params, info }: ResourceCall): PodLogOptions {
  const errors: FieldError[] = [];
  const refuse = (field: string, value: string | number, why: string) =>
    errors.push({
      type: "FieldValueInvalid",
      field,
      message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
    });
  const whole = (name: string, least: number): number | undefined => {
    const text = params.get(name);
    if (text === null || text === "") return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value)) refuse(name, text, "must be an integer");
    else if (value < least)
      refuse(name, value, `must be greater than ${least === 0 ? "or equal to 0" : "0"}`);
    return value;
  };
  const options: PodLogOptions = {
    follow: isTrue(params.get("follow")),
    previous: isTrue(params.get("previous")),
    timestamps: isTrue(params.get("timestamps")),
    sinceSeconds: whole("sinceSeconds", 1),
    tailLines: whole("tailLines", 0),
    limitBytes: whole("limitBytes", 1),
  };
  const sinceTime = params.get("sinceTime");
  if (sinceTime) {
    options.sinceTime = sinceTime;
    if (Number.isNaN(Date.parse(sinceTime)))
      refuse("sinceTime", sinceTime, "must be a time in RFC 3339 form");
    if (options.sinceSeconds !== undefined) {
      errors.push({
        type: "FieldValueForbidden",
        field: "",
        message: "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
      });
    }
  }
  // A field of a feature that is off.
  if (params.has("stream")) {
    errors.push({ type: "FieldValueForbidden", field: "stream", message: "Forbidden: may not be specified" });
  }
  if (errors.length > 0) throw statusInvalid({ group: "", kind: "PodLogOptions" }, info.name!, errors);
  return options;
}
