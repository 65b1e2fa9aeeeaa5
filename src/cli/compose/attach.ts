import { type ContainerInspect, findContainer } from "../../compose/index.ts";
import { interact } from "./interactive.ts";
import type { Verb } from "./verb.ts";

export const attach: Verb = {
  summary: "Attach local standard input, output, and error streams to a service's running container",
  usage: ["[OPTIONS] SERVICE"],
  args: { min: 1, max: 1 },
  flags: {
    "detach-keys": { type: "text", help: "Override the key sequence for detaching from a container." },
    index: { type: "number", help: "index of the container if service has multiple replicas." },
    "no-stdin": { type: "flag", help: "Do not attach STDIN" },
    "sig-proxy": { type: "flag", default: true, help: "Proxy all received signals to the process" },
  },
  async run(call) {
    const { client, flags } = call;
    const index = flags.number("index") ?? 0;
    const query = { oneOff: "include", all: false } as const;
    const { Id: id } = await findContainer(client, call.projectName(), call.args[0]!, index, query);
    const { Config: config } = await client.get<ContainerInspect>(`/containers/${id}/json`);
    const input = !flags.flag("no-stdin") && config.OpenStdin === true;
    const socket = await client.hijack(`/containers/${id}/attach`, {
      query: { stream: 1, stdout: 1, stderr: 1, stdin: input ? 1 : undefined },
    });
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const forward = (signal: NodeJS.Signals) => {
      client.post(`/containers/${id}/kill`, { query: { signal } }).catch(() => {});
    };
    if (flags.flag("sig-proxy")) for (const signal of signals) process.on(signal, forward);
    const how = await interact(socket, {
      tty: config.Tty,
      input,
      detachKeys: flags.text("detach-keys"),
      resize: (rows, columns) =>
        void client.post(`/containers/${id}/resize`, { query: { h: rows, w: columns } }).catch(() => {}),
    });
    for (const signal of signals) process.off(signal, forward);
    if (how === "detached") return 0;
    const { State: state } = await client.get<ContainerInspect>(`/containers/${id}/json`);
    return state.Running ? 0 : state.ExitCode;
  },
};
