import { expect, it } from "vitest";
import { ServerConnections } from "./server-connections.ts";

it("takes the next server where one fails, and the first again after the last", () => {
  const servers = new ServerConnections(["https://a:1", "https://b:2"]);
  let told = 0;
  servers.onFailed(() => told++);
  servers.failed(servers.current);
  expect(servers.current.host).toBe("b:2");
  servers.failed(servers.current);
  expect([servers.current.host, told]).toEqual(["a:1", 2]);
});

it("gives a server up once, however many find that it fails", () => {
  const servers = new ServerConnections(["https://a:1", "https://b:2"]);
  const first = servers.current;
  for (let finder = 0; finder < 3; finder++) servers.failed(first);
  expect(servers.current.host).toBe("b:2");
  const alone = new ServerConnections(["https://a:1"]);
  let told = 0;
  alone.onFailed(() => told++);
  const before = alone.current;
  alone.failed(before);
  alone.failed(before);
  expect([alone.current.host, told]).toEqual(["a:1", 1]);
});

it("learns of further servers, and stays where it is", () => {
  const servers = new ServerConnections(["https://a:1"]);
  servers.learn(["https://b:2", "https://a:1"]);
  expect([servers.current.host, servers.servers]).toEqual(["a:1", ["https://a:1", "https://b:2"]]);
  servers.failed(servers.current);
  expect(servers.current.host).toBe("b:2");
});

it("wakes who waits when a server answers after none did, and only then", async () => {
  const servers = new ServerConnections(["https://a:1"]);
  const stop = new AbortController();
  let woken = 0;
  void servers.untilAnswered(stop.signal).then(() => woken++);
  servers.answered();
  await Promise.resolve();
  expect(woken).toBe(0);
  servers.failed(servers.current);
  servers.answered();
  await Promise.resolve();
  expect(woken).toBe(1);
  void servers.untilAnswered(stop.signal).then(() => woken++);
  stop.abort();
  await Promise.resolve();
  expect(woken).toBe(2);
});
