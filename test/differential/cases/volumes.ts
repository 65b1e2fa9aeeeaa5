import type { Scenario } from "../scenario.ts";
import { drop, filters, get, post } from "../steps.ts";

const VOLUMES: (object | string)[] = [
  {},
  "",
  "null",
  "[]",
  "{",
  { Name: "" },
  { Name: 5 },
  { Name: "a" },
  { Name: "a b" },
  { Name: "a/b" },
  { Name: "-x" },
  { Name: "dt-vol" },
  { name: "dt-vol", labels: { a: "b" } },
  { Name: "dt-vol", Driver: "local", Labels: {}, DriverOpts: {} },
  { Name: "dt-vol", Labels: null, DriverOpts: null },
  { Name: "dt-vol", DriverOpts: { nope: "x" } },
  { Name: "dt-vol", DriverOpts: { type: "tmpfs" } },
  { Name: "dt-vol", Labels: { a: 5 } },
  { Name: "dt-vol", Labels: { "": "x" } },
  { Name: "a".repeat(300) },
];

const VOLUME_FILTERS: unknown[] = [
  {},
  { name: ["dt-a"] },
  { name: ["nosuch"] },
  { driver: ["local"] },
  { driver: ["nope"] },
  { dangling: ["true"] },
  { dangling: ["false"] },
  { dangling: ["x"] },
  { dangling: ["1"] },
  { label: ["a"] },
  { label: ["a=b"] },
  { label: ["a=c"] },
  { nope: ["x"] },
  "{",
];

export const volumeScenarios: Scenario[] = [
  ...VOLUMES.map(
    (body): Scenario => ({
      name: `volume ${JSON.stringify(body).slice(0, 80)}`,
      steps: [
        { ...post("/volumes/create", body, "create"), keep: { name: "Name" } },
        get("/volumes/<name>", "inspect"),
        drop("/volumes/<name>"),
      ],
    }),
  ),
  {
    name: "volumes",
    steps: [
      post("/volumes/create", { Name: "dt-a", Labels: { a: "b" } }),
      post("/volumes/create", { Name: "dt-b" }),
      post("/containers/create?name=dt-volbox", {
        Image: "busybox",
        Cmd: ["true"],
        HostConfig: { Binds: ["dt-b:/b"] },
      }),
      ...VOLUME_FILTERS.map((value) =>
        get(`/volumes?filters=${filters(value)}`, `list ${JSON.stringify(value)}`),
      ),
      get("/volumes/nosuch"),
      drop("/volumes/nosuch"),
      drop("/volumes/nosuch?force=1"),
      drop("/volumes/dt-b"),
      drop("/volumes/dt-b?force=1"),
      { name: "PUT", method: "PUT", path: "/volumes/dt-b?version=1", body: {} },
      post("/volumes/prune?filters=x"),
      post(`/volumes/prune?filters=${filters({ nope: ["x"] })}`),
      post(`/volumes/prune?filters=${filters({ all: ["x"] })}`),
      post(`/volumes/prune?filters=${filters({ label: ["nosuchlabel"] })}`),
      drop("/containers/dt-volbox"),
      drop("/volumes/dt-a"),
      drop("/volumes/dt-b"),
    ],
  },
];
