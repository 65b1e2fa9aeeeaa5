import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { readAll } from "../base/index.ts";
import { tarEntry, writeTar } from "../formats/index.ts";
import { type FuzzRequest, fuzz, UNHARMED } from "../http/fuzz.test-support.ts";
import { ApiClient } from "./testing/api-client.ts";
import { useEngineHouse } from "./testing/engine-house.ts";

const house = useEngineHouse();
const client = new ApiClient(house);

it("stands up to bodies that end, break and lie, and upgrades that break", async () => {
  const id = await client.create({ Cmd: ["cat"], OpenStdin: true });
  await client.call("POST", `/containers/${id}/start`);
  const exec = async () =>
    (
      await client.call("POST", `/containers/${id}/exec`, {
        body: { Cmd: ["cat"], AttachStdin: true, AttachStdout: true },
      })
    ).json.Id as string;
  const dockerfile = Buffer.from("FROM busybox\nLABEL a=b\n");
  const entry = tarEntry({ name: "Dockerfile", type: "file", sizeBytes: dockerfile.length });
  const archive = await readAll(writeTar([{ entry, body: dockerfile }]), 100_000);
  const json = { "content-type": "application/json" };
  const tar = { "content-type": "application/x-tar" };
  const requests: FuzzRequest[] = [
    { method: "POST", path: "/build?t=fuzzed", headers: tar, body: archive },
    { method: "POST", path: "/images/load", headers: tar, body: archive },
    { method: "POST", path: "/images/create?fromSrc=-&repo=fuzzed", headers: tar, body: archive },
    { method: "PUT", path: `/containers/${id}/archive?path=/tmp`, headers: tar, body: archive },
    { method: "POST", path: "/containers/create", headers: json, body: '{"Image":"none","Cmd":["true"]}' },
    { method: "POST", path: "/volumes/create", headers: json, body: '{"Name":"../x"}' },
    { method: "POST", path: `/exec/${await exec()}/start`, headers: json, body: '{"Detach":false}' },
    { method: "GET", path: `/containers/${id}/logs?follow=1&stdout=1` },
    { method: "GET", path: "/events" },
    { method: "POST", path: `/containers/${id}/attach?stream=1&stdin=1&stdout=1` },
    {
      method: "POST",
      path: `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`,
      upgrade: "tcp",
    },
    {
      method: "POST",
      path: `/exec/${await exec()}/start`,
      headers: { ...json, "content-length": "16" },
      body: '{"Detach":false}',
      upgrade: "tcp",
    },
    { method: "POST", path: "/exec/none/start", headers: json, upgrade: "tcp" },
    { method: "POST", path: "/grpc", upgrade: "h2c" },
  ];
  const outcome = await fuzz(
    {
      connect: async () => {
        const socket = connect({ path: house.socketPath, allowHalfOpen: true });
        await once(socket, "connect");
        return socket;
      },
      requests,
      serves: async () => (await client.call("GET", "/info")).status === 200,
      settle: () => client.remove(id),
    },
    { seed: 7, rounds: 400 },
  );
  expect(outcome).toEqual(UNHARMED);
}, 60_000);
