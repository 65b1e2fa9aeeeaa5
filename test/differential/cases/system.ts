import type { Scenario, Step } from "../scenario.ts";
import { get } from "../steps.ts";

/** With headers in its name. */
const post = (path: string, body?: object | string, headers?: Record<string, string>): Step => ({
  name: `POST ${path} ${body === undefined ? "" : JSON.stringify(body)} ${headers ? JSON.stringify(headers) : ""}`,
  method: "POST",
  path,
  body,
  headers,
});

const TYPES = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "application/json; charset=utf-8",
  "APPLICATION/JSON",
  "a b",
  "a/",
  "application/json; x",
  "application/json;",
];

export const systemScenarios: Scenario[] = [
  {
    name: "system",
    steps: [
      get("/_ping"),
      { name: "HEAD /_ping", method: "HEAD", path: "/_ping" },
      get("/nosuch"),
      get("/v1.23/_ping"),
      get("/v1.99/_ping"),
      get("/v0.1/_ping"),
      get("/v2.0/_ping"),
      get("/vx/_ping"),
      { name: "DELETE /_ping", method: "DELETE", path: "/_ping" },
      { name: "PATCH /containers/json", method: "PATCH", path: "/containers/json" },
      get("/system/df?type=nope"),
      get("/system/df?type=volume"),
      get("/events?until=1&since=2"),
      get("/events?until=x"),
      get("/events?since=x"),
      get("/events?since=1&until=2"),
      get("/events?since=1&until=2&filters=x"),
      get("/events?since=1&until=2&filters=%7B%22nope%22%3A%5B%22x%22%5D%7D"),
      get("/plugins"),
      get("/plugins/nosuch/json"),
      get("/swarm"),
      get("/nodes"),
      get("/services"),
      get("/secrets"),
      get("/configs"),
      get("/tasks"),
      get("/distribution/UPPER/json"),
      post("/build?version=nope"),
      post("/build?dockerfile=x&buildargs=x"),
      post("/build?labels=x"),
      post("/build?ulimits=x"),
      post("/build?memory=x"),
      post("/build?t=UPPER"),
      post("/build?platform=nope"),
    ],
  },
  {
    name: "content types",
    steps: TYPES.flatMap((type) => [
      post("/containers/create", { Image: "nosuch" }, { "content-type": type }),
      post("/volumes/create", "{", { "content-type": type }),
    ]),
  },
];
