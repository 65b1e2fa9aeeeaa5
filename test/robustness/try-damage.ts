import { damageStore } from "./damage.ts";

console.log(
  JSON.stringify(await damageStore(Number(process.argv[2] ?? 1), Number(process.argv[3] ?? 40)), null, 1),
);
