import { notFound } from "../../base/index.ts";
import { containerName, findContainer } from "../../compose/index.ts";
import { usage } from "./flags.ts";
import type { Verb } from "./verb.ts";

export const port: Verb = {
  summary: "Print the public port for a port binding",
  usage: ["[OPTIONS] SERVICE PRIVATE_PORT"],
  args: { min: 2, max: 2 },
  flags: {
    index: { type: "number", help: "Index of the container if service has multiple replicas" },
    protocol: { type: "text", default: "tcp", help: "tcp or udp" },
  },
  async run(call) {
    const [service = "", text = ""] = call.args;
    const wanted = Number(text);
    if (!/^\d+$/.test(text) || wanted > 65_535) {
      throw usage(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
    }
    const protocol = call.flags.text("protocol").toLowerCase();
    const index = call.flags.number("index") ?? 0;
    const query = { oneOff: "include", all: false } as const;
    const container = await findContainer(call.client, call.projectName(), service, index, query);
    const ports = container.Ports ?? [];
    const found = ports.find((one) => one.PrivatePort === wanted && one.Type === protocol);
    if (!found) {
      const known = ports.map((one) => `${one.PublicPort ?? 0}/${one.Type}`).join(", ");
      throw notFound(`no port ${wanted}/${protocol} for container ${containerName(container)}: ${known}`);
    }
    const { IP: address = "", PublicPort: published = 0 } = found;
    call.terminal.print(`${address.includes(":") ? `[${address}]` : address}:${published}\n`);
    return 0;
  },
};
