export * from "./cri-log-line.ts";
export * from "./log-follower.ts";
export * from "./log-reader.ts";
export * from "./log-rotation.ts";
