import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { GantryError } from "../../base/index.ts";
import {
  type CommandStatus,
  ended,
  errorText,
  type RemoteCommandOptions,
  type RemoteCommandStreams,
} from "./command-streams.ts";
import { SpdyConnection } from "./spdy-connection.ts";
import type { SpdyStream } from "./spdy-stream.ts";
import { TerminalSizes } from "./terminal-sizes.ts";
import { acceptSpdy, chooseSpdyProtocol } from "./upgrade-protocols.ts";

const FIRST_PROTOCOL = "channel.k8s.io";
const PROTOCOLS = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", FIRST_PROTOCOL];
const PROTOCOLS_WITH_RESIZE = ["v4.channel.k8s.io", "v3.channel.k8s.io"];

/** How long a client may take to read the end of the output before the connection is cut. */
const LINGER_MS = 10_000;

/** Exec and attach over SPDY: the client opens one stream a kind, named by its header `streamtype`. */
export async function acceptSpdyCommand(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: Required<RemoteCommandOptions>,
): Promise<RemoteCommandStreams> {
  const protocol = chooseSpdyProtocol(req, PROTOCOLS, FIRST_PROTOCOL);
  const expected = expectedStreams(options, PROTOCOLS_WITH_RESIZE.includes(protocol));
  const opened = new Map<string, SpdyStream>();
  let allOpened = () => {};
  const ready = new Promise<void>((resolve) => {
    allOpened = resolve;
  });
  const connection = new SpdyConnection(acceptSpdy(socket, head, protocol), {
    onStream: (stream) => {
      const type = stream.headers.get("streamtype") ?? "";
      if (!expected.includes(type) || opened.has(type)) {
        stream.destroy();
        return;
      }
      opened.set(type, stream);
      if (opened.size === expected.length) allOpened();
    },
  });
  await streamsReady(connection, ready, options);
  return new SpdyCommandStreams(connection, opened, protocol === "v4.channel.k8s.io", options);
}

function expectedStreams({ stdin, stdout, stderr, tty }: RemoteCommandOptions, resizes: boolean): string[] {
  const wanted = { error: true, stdin, stdout, stderr, resize: tty && resizes };
  return Object.entries(wanted).flatMap(([type, isWanted]) => (isWanted ? [type] : []));
}

async function streamsReady(
  connection: SpdyConnection,
  ready: Promise<void>,
  { clock, streamTimeoutMs }: Required<RemoteCommandOptions>,
): Promise<void> {
  const timeout = new AbortController();
  const late = clock.sleep(streamTimeoutMs, timeout.signal).then(
    () => "late",
    () => "late",
  );
  const outcome = await Promise.race([
    ready.then(() => "ready"),
    connection.closed.then(() => "closed"),
    late,
  ]);
  timeout.abort();
  if (outcome === "ready") return;
  connection.destroy();
  throw new GantryError("DeadlineExceeded", "timed out waiting for client to create streams", {
    code: "Http.StreamsMissing",
  });
}

class SpdyCommandStreams implements RemoteCommandStreams {
  readonly stdin: SpdyStream | undefined;
  readonly stdout: SpdyStream | undefined;
  readonly stderr: SpdyStream | undefined;
  readonly closed: Promise<void>;
  readonly #error: SpdyStream;
  readonly #connection: SpdyConnection;
  readonly #sizes = new TerminalSizes();
  readonly #sendsStatus: boolean;
  readonly #options: Required<RemoteCommandOptions>;
  readonly #controller = new AbortController();

  constructor(
    connection: SpdyConnection,
    streams: ReadonlyMap<string, SpdyStream>,
    sendsStatus: boolean,
    options: Required<RemoteCommandOptions>,
  ) {
    this.#connection = connection;
    this.#sendsStatus = sendsStatus;
    this.#options = options;
    this.#error = streams.get("error")!;
    this.stdin = streams.get("stdin");
    this.stdout = streams.get("stdout");
    this.stderr = streams.get("stderr");
    streams.get("resize")?.pipe(this.#sizes);
    // Nothing comes on these, but an end has to be read to be seen.
    for (const stream of [this.#error, this.stdout, this.stderr]) stream?.resume();
    this.closed = connection.closed.then(() => this.#controller.abort());
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  onResize(listener: (columns: number, rows: number) => void): void {
    this.#sizes.onResize(listener);
  }

  async finish(status: CommandStatus): Promise<void> {
    await Promise.race([Promise.all([ended(this.stdout), ended(this.stderr)]), this.closed]);
    const text = errorText(status, this.#sendsStatus);
    if (text && this.#error.writable) this.#error.write(text);
    await Promise.race([ended(this.#error), this.closed]);
    this.#connection.close();
    const cancel = this.#options.clock.after(LINGER_MS, () => this.#connection.destroy(), { unref: true });
    // What the client still sends as input has no reader any more and must not keep the connection from ending.
    this.stdin?.resume();
    await this.closed;
    cancel();
  }
}
