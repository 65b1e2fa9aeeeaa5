import { readFileSync } from "node:fs";
import { createServer } from "node:http";

// Serves the page that is mounted from the site's ConfigMap.
const [title, text] = ["title", "text"].map((name) => escaped(readFileSync(`/page/${name}`, "utf8")));
const page = `<!doctype html><title>${title}</title><h1>${title}</h1><p>${text}</p>\n`;
createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
}).listen(8080);
process.on("SIGTERM", () => process.exit(0));

function escaped(html: string): string {
  return html.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
