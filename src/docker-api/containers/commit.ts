import { invalidArgument } from "../../base/index.ts";
import type { ContainerConfig } from "../../engine/types.ts";
import { sendJson } from "../../http/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { tagged } from "../images/transfers.ts";
import { createRequest } from "../json/index.ts";
import { flag, text } from "../wire/query.ts";
import { optionalBody } from "../wire/request-body.ts";
import type { CommitBackend } from "./backend.ts";

/** `POST /commit`. */
export function commitRoutes(backend: CommitBackend): ApiRoute[] {
  return [{ method: "POST", path: "/commit", handle: (context) => commit(backend, context) }];
}

async function commit({ engine, builder }: CommitBackend, context: ApiContext): Promise<void> {
  const { query, res } = context;
  const container = text(query, "container");
  if (container === undefined) {
    throw invalidArgument('invalid name or ID supplied: ""', { code: "DockerApi.Query" });
  }
  const { HostConfig, NetworkingConfig, ...body } = await optionalBody(context, createRequest);
  const { Config } = await engine.inspectContainer(container);
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => !isEmpty(value)));
  const config = builder.applyChanges({ ...Config, ...given } as ContainerConfig, query.getAll("changes"));
  const repository = text(query, "repo");
  const { id } = await engine.commitContainer(container, {
    reference: repository === undefined ? undefined : tagged(repository, text(query, "tag")),
    comment: text(query, "comment"),
    author: text(query, "author"),
    pause: flag(query, "pause", true),
    config,
  });
  sendJson(res, 201, { Id: id });
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === "" || value === false || value === 0) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
