import { notImplemented } from "../../../base/index.ts";
import { invalidRequest } from "../../errors.ts";
import type { LogInfo } from "./types.ts";

/** What a tag may name (moby's logger.Info: fields and methods). */
const FIELDS: Record<string, (info: LogInfo) => string> = {
  ID: (info) => info.containerId.slice(0, 12),
  FullID: (info) => info.containerId,
  ContainerID: (info) => info.containerId,
  Name: (info) => info.containerName,
  ContainerName: (info) => `/${info.containerName}`,
  ImageID: (info) => info.imageId.slice(0, 12),
  ImageFullID: (info) => info.imageId,
  ContainerImageID: (info) => info.imageId,
  ImageName: (info) => info.imageName,
  ContainerImageName: (info) => info.imageName,
  ContainerEntrypoint: (info) => info.entrypoint,
  Command: (info) => [info.entrypoint, ...info.args].join(" "),
  Hostname: (info) => info.hostname,
  DaemonName: () => "docker",
};

const ACTION = /\{\{(-\s)?([\s\S]*?)(\s-)?\}\}/g;

/**
 * The tag of `--log-opt tag=`, a Go template of which fields are known (`{{.Name}}/{{.ID}}`), with `{{- -}}`. What else a
 * template can do is refused: NotImplemented; a field that there is not: InvalidArgument, as Go says it.
 */
export function logTag(info: LogInfo): string {
  const template = info.options.tag || "{{.ID}}";
  let tag = "";
  let from = 0;
  let trimsNext = false;
  for (const match of template.matchAll(ACTION)) {
    const [whole, trimsBefore, action, trimsAfter] = match;
    tag += between(template.slice(from, match.index), trimsNext, trimsBefore !== undefined);
    tag += fieldOf(action!.trim(), info, template);
    trimsNext = trimsAfter !== undefined;
    from = match.index + whole.length;
  }
  const rest = template.slice(from);
  if (rest.includes("{{")) throw invalidRequest("template: log-tag:1: unclosed action");
  return tag + between(rest, trimsNext, false);
}

function between(text: string, trimsStart: boolean, trimsEnd: boolean): string {
  const begun = trimsStart ? text.trimStart() : text;
  return trimsEnd ? begun.trimEnd() : begun;
}

function fieldOf(action: string, info: LogInfo, template: string): string {
  const name = /^\.([A-Za-z_][A-Za-z0-9_]*)$/.exec(action)?.[1];
  if (name === undefined) {
    throw notImplemented(
      `the tag ${JSON.stringify(template)}: only fields ({{.Name}}) are supported in tags`,
      {
        code: "Engine.LogTag",
      },
    );
  }
  if (Object.hasOwn(FIELDS, name)) return FIELDS[name]!(info);
  throw invalidRequest(
    `template: log-tag:1:${template.indexOf(action) + 1}: executing "log-tag" at <.${name}>: can't evaluate field ${name} in type *logger.Info`,
  );
}
