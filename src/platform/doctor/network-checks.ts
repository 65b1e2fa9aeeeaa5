import { createServer } from "node:net";
import { errnoCode, errorMessage } from "../../base/index.ts";
import { createBridge, createVethPair, deleteLink, nft } from "../../kernel/index.ts";
import { forwardFindings } from "../../network/index.ts";
import { type Check, failure, type Outcome, ok, warning } from "./check.ts";

const TRIAL_TABLE = "gantry_doctor";

/** What containers and Services need of the kernel, and whether the host's firewall lets it through. */
export const networkChecks: readonly Check[] = [
  { name: "nftables", look: tryTranslation },
  { name: "links", look: tryLinks },
  { name: "firewall", look: lookAtFirewall },
];

function tryTranslation(): Outcome {
  try {
    // One transaction that takes back what it makes.
    nft(
      [
        `add table ip ${TRIAL_TABLE}`,
        `add chain ip ${TRIAL_TABLE} out { type nat hook postrouting priority srcnat; }`,
        `add rule ip ${TRIAL_TABLE} out ip saddr 192.0.2.1 masquerade`,
        `delete table ip ${TRIAL_TABLE}`,
      ].join("\n"),
    );
    return ok("addresses can be translated");
  } catch (error) {
    return failure(
      `addresses cannot be translated: ${errorMessage(error)}`,
      "load the kernel modules nf_tables and nft_masq",
    );
  }
}

function tryLinks(): Outcome {
  // Names of links have 15 bytes.
  const [bridge, one, other] = ["b", "h", "p"].map((end) => `gtd${process.pid}${end}`) as [
    string,
    string,
    string,
  ];
  try {
    createBridge(bridge);
    createVethPair({ hostName: one, peerName: other, master: bridge });
    return ok("bridges and veth pairs can be made");
  } catch (error) {
    return failure(
      `bridges and veth pairs cannot be made: ${errorMessage(error)}`,
      "load the kernel modules bridge and veth",
    );
  } finally {
    for (const name of [one, bridge]) deleteLink(name);
  }
}

function lookAtFirewall(): Outcome | Outcome[] {
  const found = forwardFindings();
  if (found.length === 0) return ok("nothing drops what containers send");
  return found.map(({ chain, why }) =>
    warning(
      `the chain ${chain} drops what containers and pods send: ${why}`,
      'let packets from and to links whose names begin with "gt" through there',
    ),
  );
}

/** A port that the platform will listen on, where none of this home runs. */
export function portCheck(port: number, option: string): Check {
  return {
    name: `port ${port}`,
    look: async () =>
      (await isTaken(port))
        ? failure("another program listens on it", `choose another one with ${option}`)
        : ok("free"),
  };
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => (errnoCode(error) === "EADDRINUSE" ? resolve(true) : reject(error)));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}
