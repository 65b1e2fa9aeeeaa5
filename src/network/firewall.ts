import { type Cancel, type Clock, errorMessage, isGantryError, type Logger } from "../base/index.ts";
import { nft } from "../kernel/index.ts";
import { ForwardGate } from "./forward-gate.ts";
import {
  addPortCommands,
  type FirewallState,
  type PublishedPort,
  removePortCommands,
  renderTable,
} from "./ruleset.ts";

/** How often it is looked whether another firewall has come. */
const LOOK_AT_OTHERS_MS = 30_000;

/** Keeps the instance's nftables table equal to what networks and published ports ask for. */
export class Firewall {
  readonly #instanceId: string;
  readonly #table: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #gate: ForwardGate;
  #stopLooking: Cancel = () => {};
  /** What the table shall hold now. */
  readonly #state: () => FirewallState;

  constructor(options: { instanceId: string; logger: Logger; clock: Clock; state: () => FirewallState }) {
    this.#instanceId = options.instanceId;
    this.#table = `gantry_${options.instanceId}`;
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#gate = new ForwardGate(options);
    this.#state = options.state;
  }

  /** Writes the rules, and goes on looking that the host's other firewalls let through what they let through. */
  open(): void {
    this.replaceAll();
    this.#gate.open();
    this.#stopLooking = this.#clock.every(LOOK_AT_OTHERS_MS, () => this.#gate.open(), { unref: true });
  }

  /** The rules stay. */
  close(): void {
    this.#stopLooking();
  }

  /** Writes the whole table in one transaction. */
  replaceAll(): void {
    nft(renderTable({ instanceId: this.#instanceId, table: this.#table, ...this.#state() }));
  }

  /** The ports are part of the state already. */
  addPorts(ports: readonly PublishedPort[]): void {
    this.#change(addPortCommands(this.#table, ports));
  }

  /** The ports are no longer part of the state. */
  removePorts(ports: readonly PublishedPort[]): void {
    this.#change(removePortCommands(this.#table, ports, this.#state().ports));
  }

  destroy(): void {
    this.close();
    this.#gate.close();
    try {
      nft(`delete table ip ${this.#table}`);
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
  }

  /** Somebody may have flushed the tables under us (a firewall's reload): then everything is written again. */
  #change(commands: string): void {
    if (commands === "") return;
    try {
      nft(commands);
    } catch (error) {
      this.#logger.warn("the nftables table is not as it was left; writing it again", {
        error: errorMessage(error),
      });
      this.replaceAll();
    }
  }
}
