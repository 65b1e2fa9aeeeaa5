import type { IncomingMessage } from "node:http";
import { type Duplex, Readable, Writable } from "node:stream";
import type { RawData, WebSocket } from "ws";
import {
  type CommandStatus,
  ended,
  errorText,
  type RemoteCommandOptions,
  type RemoteCommandStreams,
} from "./command-streams.ts";
import { TerminalSizes } from "./terminal-sizes.ts";
import { acceptWebSocket, chooseWebSocketProtocol } from "./upgrade-protocols.ts";
import { bytesOf } from "./websocket-duplex.ts";

interface ChannelForm {
  /** Messages are text: a digit and base64. Else they are binary: a byte and bytes. */
  base64: boolean;
  /** The error channel carries a Status. */
  sendsStatus: boolean;
  /** A message `255, n` closes channel n. */
  closes: boolean;
}

// k8s.io/apimachinery pkg/util/remotecommand and httpstream/wsstream.
const FORMS: Record<string, ChannelForm> = {
  "v5.channel.k8s.io": { base64: false, sendsStatus: true, closes: true },
  "v4.channel.k8s.io": { base64: false, sendsStatus: true, closes: false },
  "v4.base64.channel.k8s.io": { base64: true, sendsStatus: true, closes: false },
  "channel.k8s.io": { base64: false, sendsStatus: false, closes: false },
  "base64.channel.k8s.io": { base64: true, sendsStatus: false, closes: false },
};
const NAMELESS: ChannelForm = FORMS["channel.k8s.io"]!;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;

const NORMAL_CLOSURE = 1000;
const LINGER_MS = 10_000;

/** Exec and attach over WebSocket: each message begins with the number of its channel. */
export async function acceptWebSocketCommand(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: Required<RemoteCommandOptions>,
): Promise<RemoteCommandStreams> {
  const protocol = chooseWebSocketProtocol(req, Object.keys(FORMS), "");
  const webSocket = await acceptWebSocket(req, socket, head, protocol);
  return new WebSocketCommandStreams(webSocket, FORMS[protocol] ?? NAMELESS, options);
}

class WebSocketCommandStreams implements RemoteCommandStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly closed: Promise<void>;
  readonly #webSocket: WebSocket;
  readonly #form: ChannelForm;
  readonly #options: Required<RemoteCommandOptions>;
  readonly #sizes = new TerminalSizes();
  readonly #controller = new AbortController();

  constructor(webSocket: WebSocket, form: ChannelForm, options: Required<RemoteCommandOptions>) {
    this.#webSocket = webSocket;
    this.#form = form;
    this.#options = options;
    this.stdin = options.stdin ? new Readable({ read: () => webSocket.resume() }) : undefined;
    this.stdout = options.stdout ? this.#channel(STDOUT) : undefined;
    this.stderr = options.stderr ? this.#channel(STDERR) : undefined;
    webSocket.on("message", (data: RawData) => this.#receive(bytesOf(data)));
    this.closed = new Promise((resolve) => {
      webSocket.on("close", () => {
        this.#endInput();
        for (const stream of [this.stdout, this.stderr]) stream?.destroy();
        this.#controller.abort();
        resolve();
      });
    });
    // An empty message on the first channel tells the client that the connection stands.
    this.#send(options.stdout ? STDOUT : options.stderr ? STDERR : ERROR, Buffer.alloc(0), () => {});
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  onResize(listener: (columns: number, rows: number) => void): void {
    this.#sizes.onResize(listener);
  }

  async finish(status: CommandStatus): Promise<void> {
    await Promise.race([Promise.all([ended(this.stdout), ended(this.stderr)]), this.closed]);
    const text = errorText(status, this.#form.sendsStatus);
    if (text) this.#send(ERROR, Buffer.from(text), () => {});
    this.#webSocket.resume();
    this.#webSocket.close(NORMAL_CLOSURE);
    const cancel = this.#options.clock.after(LINGER_MS, () => this.#webSocket.terminate(), { unref: true });
    await this.closed;
    cancel();
  }

  #channel(channel: number): Writable {
    const stream = new Writable({ write: (chunk, _encoding, done) => this.#send(channel, chunk, done) });
    // A write after the client has gone is no failure of the command.
    stream.on("error", () => {});
    return stream;
  }

  #send(channel: number, bytes: Buffer, done: (error?: Error | null) => void): void {
    if (this.#form.base64) this.#webSocket.send(`${channel}${bytes.toString("base64")}`, done);
    else this.#webSocket.send(Buffer.concat([Buffer.from([channel]), bytes]), { binary: true }, done);
  }

  #receive(message: Buffer): void {
    if (message.length === 0) return;
    const { base64, closes } = this.#form;
    const channel = base64 ? message[0]! - 0x30 : message[0]!;
    const bytes = base64 ? Buffer.from(message.toString("latin1", 1), "base64") : message.subarray(1);
    if (channel === RESIZE) this.#sizes.write(bytes);
    else if (closes && channel === CLOSE && bytes[0] === STDIN) this.#endInput();
    else if (channel === STDIN && bytes.length > 0) this.#receiveInput(bytes);
  }

  #receiveInput(bytes: Buffer): void {
    const { stdin } = this;
    if (!stdin || stdin.readableEnded || stdin.destroyed || this.#inputEnded) return;
    if (!stdin.push(bytes)) this.#webSocket.pause();
  }

  #inputEnded = false;

  #endInput(): void {
    if (this.#inputEnded || !this.stdin) return;
    this.#inputEnded = true;
    if (!this.stdin.destroyed) this.stdin.push(null);
  }
}
