import { benchApiServer } from "./apiserver.ts";

// Prints one JSON object. Run nothing else beside it.
const seconds = Number(process.argv[2] ?? 8);
process.stdout.write(`${JSON.stringify(await benchApiServer({ seconds }), null, 2)}\n`);
