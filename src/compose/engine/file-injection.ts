import { Readable } from "node:stream";
import { invalidArgument } from "../../base/index.ts";
import { tarEntry, writeTar } from "../../formats/index.ts";
import type { FileObject, Project, Service } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { fileTarget } from "./mounts.ts";

const DEFAULT_MODE = 0o444;

/** Copies configurations and secrets that lie in no file (`content`, `environment`) into a container that has not started. */
export async function injectFiles(
  context: ComposeContext,
  project: Project,
  service: Service,
  containerId: string,
): Promise<void> {
  for (const kind of ["secrets", "configs"] as const) {
    for (const reference of service[kind] ?? []) {
      const object = project[kind][reference.source ?? ""] ?? {};
      const text = contentOf(project, object, kind.slice(0, -1));
      if (text === "") continue;
      if (service.read_only) {
        throw invalidArgument(
          `cannot create ${kind.slice(0, -1)} ${JSON.stringify(object.name)} in read-only service ${service.name}: \`file\` is the sole supported option`,
        );
      }
      const body = Buffer.from(text);
      const entry = tarEntry({
        name: fileTarget(kind, reference),
        type: "file",
        mode: reference.mode ?? DEFAULT_MODE,
        uid: Number(reference.uid ?? 0),
        gid: Number(reference.gid ?? 0),
        sizeBytes: body.length,
        mtimeSeconds: Math.floor(context.clock.nowMs() / 1000),
      });
      await context.client.put(`/containers/${containerId}/archive`, {
        query: { path: "/", copyUIDGID: reference.uid || reference.gid ? 1 : undefined },
        headers: { "Content-Type": "application/x-tar" },
        stream: Readable.from(writeTar([{ entry, body }])),
      });
    }
  }
}

function contentOf(project: Project, object: FileObject, kind: string): string {
  if (object.content) return object.content;
  if (!object.environment) return "";
  const value = project.environment.get(object.environment);
  if (value !== undefined) return value;
  throw invalidArgument(
    `environment variable ${JSON.stringify(object.environment)} required by ${kind} ${JSON.stringify(object.name)} is not set`,
  );
}
