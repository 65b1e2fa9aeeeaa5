import { existsSync } from "node:fs";
import { hostname } from "node:os";
import express from "express";

const port = Number(process.env.PORT ?? 8080);
const version = process.env.APP_VERSION ?? "unknown";
let stopping = false;

const app = express();
app.disable("x-powered-by");
// Kept-alive clients must hear of the end before it comes: a request that crosses with the close would be lost.
app.use((_request, response, next) => {
  if (stopping) response.set("connection", "close");
  next();
});

app.get("/", (_request, response) => {
  response.json({ service: "web", version, host: hostname() });
});
// Both answers can be switched off from a shell in the container: touch /tmp/unhealthy, touch /tmp/unready.
app.get("/healthz", (_request, response) => {
  response.sendStatus(existsSync("/tmp/unhealthy") ? 500 : 200);
});
app.get("/readyz", (_request, response) => {
  response.sendStatus(stopping || existsSync("/tmp/unready") ? 503 : 200);
});

const server = app.listen(port, () => console.log(`web ${version} listens on port ${port}`));
server.keepAliveTimeout = 60_000;

// Serve on until the Service has taken this pod out, then finish what is under way.
process.on("SIGTERM", () => {
  stopping = true;
  console.log("stopping");
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 5_000).unref();
  }, 2_000);
});
