export { type Cri, type CriOptions, createCri } from "./cri.ts";
export type * from "./types.ts";
