import { conflict, errorMessage, type Logger } from "../base/index.ts";
import { hasErrno, holdPort, type PortHold } from "../kernel/index.ts";
import type { PublishedPort } from "./ruleset.ts";
import type { PortMapping } from "./types.ts";

/** Docker's range when the host says nothing else (ip_local_port_range). */
const EPHEMERAL_FIRST = 32768;
const EPHEMERAL_LAST = 60999;

interface HeldPort {
  mapping: PortMapping;
  holds: PortHold[];
}

/**
 * The host ports that containers have published. Each is really held by a bound socket, so that another program, or
 * another instance, that wants it is refused as it would be by Docker.
 */
export class PortRegistry {
  readonly #byOwner = new Map<string, HeldPort[]>();
  readonly #logger: Logger;
  #nextEphemeral = EPHEMERAL_FIRST;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Holds all the ports or, when one cannot be had, none. Returns the mappings with the ports that were chosen. */
  hold(owner: string, mappings: readonly PortMapping[], containerIp: string): PortMapping[] {
    const held: HeldPort[] = [];
    try {
      for (const mapping of mappings) held.push(this.#holdOne(mapping, containerIp, held));
    } catch (error) {
      releaseAll(held);
      throw error;
    }
    this.#byOwner.set(owner, [...(this.#byOwner.get(owner) ?? []), ...held]);
    return held.map(({ mapping }) => mapping);
  }

  /** After a restart: takes what the running containers have; whoever took a port meanwhile is only reported. */
  restore(owner: string, ports: readonly PublishedPort[]): void {
    const held = ports.map((port) => {
      try {
        return { mapping: port, holds: openHolds(port, port.hostPort) };
      } catch (error) {
        this.#logger.warn("a published port was taken by somebody else meanwhile", {
          port: port.hostPort,
          protocol: port.protocol,
          error: errorMessage(error),
        });
        return { mapping: port, holds: [] };
      }
    });
    this.#byOwner.set(owner, held);
  }

  release(owner: string): void {
    releaseAll(this.#byOwner.get(owner) ?? []);
    this.#byOwner.delete(owner);
  }

  close(): void {
    for (const owner of [...this.#byOwner.keys()]) this.release(owner);
  }

  #holdOne(mapping: PortMapping, containerIp: string, pending: readonly HeldPort[]): HeldPort {
    if (mapping.hostPort !== 0) {
      if (this.#isAllocated(mapping, pending)) {
        throw conflict(
          `Bind for ${hostAddress(mapping)}:${mapping.hostPort} failed: port is already allocated`,
          {
            code: "Network.PortAllocated",
          },
        );
      }
      return { mapping, holds: this.#openOrExplain(mapping, containerIp) };
    }
    for (let tries = EPHEMERAL_LAST - EPHEMERAL_FIRST; tries >= 0; tries--) {
      const candidate = { ...mapping, hostPort: this.#takeEphemeral() };
      if (this.#isAllocated(candidate, pending)) continue;
      try {
        return { mapping: candidate, holds: openHolds(candidate, candidate.hostPort) };
      } catch (error) {
        if (!hasErrno(error, "EADDRINUSE")) throw explained(error, candidate, containerIp);
      }
    }
    throw conflict("all ports are allocated", { code: "Network.PortAllocated" });
  }

  #takeEphemeral(): number {
    const port = this.#nextEphemeral;
    this.#nextEphemeral = port >= EPHEMERAL_LAST ? EPHEMERAL_FIRST : port + 1;
    return port;
  }

  #openOrExplain(mapping: PortMapping, containerIp: string): PortHold[] {
    try {
      return openHolds(mapping, mapping.hostPort);
    } catch (error) {
      throw explained(error, mapping, containerIp);
    }
  }

  #isAllocated(mapping: PortMapping, pending: readonly HeldPort[]): boolean {
    const clashes = ({ mapping: other }: HeldPort) =>
      other.protocol === mapping.protocol &&
      other.hostPort === mapping.hostPort &&
      (isAny(other) || isAny(mapping) || other.hostIp === mapping.hostIp);
    return pending.some(clashes) || [...this.#byOwner.values()].some((held) => held.some(clashes));
  }
}

function isAny({ hostIp }: PortMapping): boolean {
  return hostIp === "" || hostIp === "0.0.0.0";
}

function hostAddress({ hostIp }: PortMapping): string {
  return hostIp || "0.0.0.0";
}

function openHolds(mapping: PortMapping, port: number): PortHold[] {
  try {
    return [holdPort(mapping.protocol, hostAddress(mapping), port)];
  } catch (error) {
    // A kernel without SCTP has nobody who could take the port either.
    if (mapping.protocol === "sctp" && hasErrno(error, "EPROTONOSUPPORT", "EAFNOSUPPORT")) return [];
    throw error;
  }
}

const ERRNO_TEXT: Record<string, string> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  EACCES: "permission denied",
};

/** Docker's words for a port that the host does not give. */
function explained(error: unknown, mapping: PortMapping, containerIp: string): unknown {
  const errno = Object.keys(ERRNO_TEXT).find((name) => hasErrno(error, name));
  if (!errno) return error;
  const binding = `${hostAddress(mapping)}:${mapping.hostPort}:${containerIp}:${mapping.containerPort}/${mapping.protocol}`;
  return conflict(`failed to bind host port for ${binding}: ${ERRNO_TEXT[errno]}`, {
    code: "Network.PortInUse",
    cause: error,
  });
}

function releaseAll(held: readonly HeldPort[]): void {
  for (const { holds } of held) for (const hold of holds) hold.release();
}
