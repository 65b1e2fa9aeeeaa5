import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { ApiClient } from "../testing/api-client.ts";
import { useEngineHouse } from "../testing/engine-house.ts";

const house = useEngineHouse();
const client = new ApiClient(house);

interface Attached {
  socket: WebSocket;
  /** What came, and whether each message was of bytes. */
  messages: { text: string; isBinary: boolean }[];
  text(): string;
  until(text: string): Promise<void>;
  closed: Promise<unknown>;
}

async function attach(path: string, protocols: string[] = []): Promise<Attached> {
  const socket = new WebSocket(`ws+unix:${house.socketPath}:${path}`, protocols);
  const messages: Attached["messages"] = [];
  socket.on("message", (data, isBinary) => messages.push({ text: String(data), isBinary }));
  const closed = once(socket, "close");
  await once(socket, "open");
  const text = () => messages.map((message) => message.text).join("");
  const until = async (wanted: string) => {
    while (!text().includes(wanted)) await once(socket, "message");
  };
  return { socket, messages, text, until, closed };
}

/** What is answered instead of a handshake. */
async function refusal(path: string): Promise<[status: number, message: string]> {
  const socket = new WebSocket(`ws+unix:${house.socketPath}:${path}`);
  const [, response] = await once(socket, "unexpected-response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return [response.statusCode, JSON.parse(body).message];
}

describe("attaching over a WebSocket", () => {
  it("passes input and both outputs as messages of bytes, and ends with the container", async () => {
    const id = await client.create({
      Cmd: ["sh", "-c", "read x; echo got $x; echo bad >&2"],
      OpenStdin: true,
    });
    const query = "stream=1&stdin=1&stdout=1&stderr=1";
    const attached = await attach(`/v1.47/containers/${id}/attach/ws?${query}`, ["tty"]);
    expect(attached.socket.protocol).toBe("tty");
    await client.call("POST", `/containers/${id}/start`);
    attached.socket.send("word");
    attached.socket.send(Buffer.from("s\n"));
    await attached.closed;
    expect(attached.text().split("\n").toSorted()).toEqual(["", "bad", "got words"]);
    expect(attached.messages.every(({ isBinary }) => isBinary)).toBe(true);
    await client.remove(id);
  });

  it("sends texts before API 1.28, and then attaches every stream", async () => {
    const id = await client.run({ Cmd: ["sh", "-c", "read x; echo ä $x"], OpenStdin: true });
    const attached = await attach(`/v1.27/containers/${id}/attach/ws?stream=1`);
    attached.socket.send("x\n");
    await attached.closed;
    expect(attached.text()).toBe("ä x\n");
    expect(attached.messages.some(({ isBinary }) => isBinary)).toBe(false);
    await client.remove(id);
  });

  it("attaches since API 1.42 what was asked for", async () => {
    const id = await client.run({ Cmd: ["sh", "-c", "echo out; echo err >&2"] });
    await client.wait(id);
    const attached = await attach(`/v1.42/containers/${id}/attach/ws?logs=1&stderr=1`);
    await attached.closed;
    expect(attached.text()).toBe("err\n");
    await client.remove(id);
  });

  it("detaches from a terminal on its keys; the client's going away is no end of the container", async () => {
    const id = await client.run({ Cmd: ["cat"], Tty: true, OpenStdin: true });
    const path = `/containers/${id}/attach/ws?stream=1&stdin=1&stdout=1&detachKeys=ctrl-a`;
    const attached = await attach(path);
    attached.socket.send("typed\n");
    await attached.until("typed");
    attached.socket.send("\x01");
    await attached.closed;
    const gone = await attach(path);
    gone.socket.terminate();
    await gone.closed;
    expect((await client.call("GET", `/containers/${id}/json`)).json.State.Running).toBe(true);
    await client.remove(id);
  });

  it("is refused with an ordinary answer", async () => {
    expect(await refusal("/containers/nosuch/attach/ws?stream=1")).toEqual([
      404,
      "No such container: nosuch",
    ]);
    const id = await client.run({ Cmd: ["sleep", "100"] });
    expect(await refusal(`/containers/${id}/attach/ws?detachKeys=nope`)).toEqual([
      400,
      "Invalid detach keys (nope) provided",
    ]);
    const plain = await client.call("GET", `/containers/${id}/attach/ws?stream=1`);
    expect([plain.status, plain.json.message]).toEqual([400, "not websocket protocol"]);
    await client.call("POST", `/containers/${id}/pause`);
    expect((await refusal(`/containers/${id}/attach/ws`))[0]).toBe(409);
    await client.remove(id);
  });
});
