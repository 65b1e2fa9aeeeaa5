import { createServer } from "node:net";

// The server behind the proxies, in a process of its own: answers every request with 1 KB, as cheaply as it can. Prints its port.
const body = "x".repeat(1024);
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);
const END = Buffer.from("\r\n\r\n");
const server = createServer({ noDelay: true }, (socket) => {
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let at = bytes.indexOf(END); at >= 0; at = bytes.indexOf(END)) {
      socket.write(answer);
      bytes = bytes.subarray(at + END.length);
    }
    rest = bytes;
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as { port: number }).port}\n`);
});
