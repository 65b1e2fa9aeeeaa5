import { describe, expect, it } from "vitest";
import { builtInKinds } from "../../api/index.ts";
import { describeAnswers } from "../testing/answer-table.ts";
import { Discovery } from "./discovery.ts";

const discovery = new Discovery(builtInKinds(), { registered: () => [] });

describe("discovery", () => {
  // As every API server of this version tells them.
  it.each([
    ["", "configmaps", "qFsyl6wFWjQ="],
    ["", "events", "r2yiGXH7wu8="],
    ["", "pods", "xPOwRZ+Yhw8="],
    ["apps", "deployments", "8aSe+NMegvE="],
    ["autoscaling", "horizontalpodautoscalers", "qwQve8ut294="],
    ["events.k8s.io", "events", "r2yiGXH7wu8="],
    ["rbac.authorization.k8s.io", "roles", "7FuwZcIIItM="],
  ])("%s %s is stored in the version %s", (group, name, storageVersionHash) => {
    const { resources } = discovery.resourceList(group, "v1")!;
    expect(resources.find((one) => one.name === name)).toMatchObject({ storageVersionHash });
  });

  it("tells a storage version of what is stored, and in the old form only", () => {
    const { resources } = discovery.resourceList("", "v1")!;
    const without = ["bindings", "pods/status", "pods/log"];
    for (const one of resources.filter(({ name }) => without.includes(name))) {
      expect(one).not.toHaveProperty("storageVersionHash");
    }
    expect(JSON.stringify(discovery.aggregated(true, "v2"))).not.toContain("storageVersionHash");
  });
});

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const ENDPOINTS = "/api/v1/namespaces/default/endpoints";
const DEPRECATED = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

describeAnswers("what is asked for and what comes", {
  rows: [
    {
      request: "GET /apis",
      headers: { accept: AGGREGATED },
      code: 200,
      object: { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2" },
    },
    {
      request: "GET /api",
      headers: { accept: `${AGGREGATED},application/json` },
      code: 200,
      object: { kind: "APIGroupDiscoveryList" },
    },
    {
      request: "GET /apis",
      headers: { accept: `application/json,${AGGREGATED}` },
      code: 200,
      object: { kind: "APIGroupList" },
    },
    { request: "GET /apis", headers: { accept: AGGREGATED.replace("v2", "v9") }, code: 406 },
    // Go's router takes types by their whole names.
    {
      request: "GET /api/v1/nodes",
      headers: { accept: "application/*" },
      code: 406,
      message:
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    },
    {
      request: "GET /api/v1/nodes",
      headers: { accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io" },
      code: 406,
      message: "you requested PartialObjectMetadata, but the requested object is a list (*core.NodeList)",
    },
    {
      request: "GET /api/v1/namespaces/default",
      headers: { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" },
      code: 406,
      message:
        "you requested PartialObjectMetadataList, but the requested object is not a list (*core.Namespace)",
    },
    // A deprecated kind says so, also when it refuses.
    { request: `GET ${ENDPOINTS}`, code: 200, warnings: [DEPRECATED] },
    { request: `GET ${ENDPOINTS}/absent`, code: 404, warnings: [DEPRECATED] },
    { request: `POST ${ENDPOINTS}`, body: { metadata: {} }, code: 422, warnings: [DEPRECATED] },
    {
      request: `POST ${ENDPOINTS}`,
      body: { metadata: { name: "a" }, foo: 1 },
      code: 201,
      warnings: [DEPRECATED, 'unknown field "foo"'],
    },
    { request: "GET /api/v1/nodes", code: 200, warnings: [] },
  ],
});
