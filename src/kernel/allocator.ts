import { koffi } from "./libc.ts";

type Trim = ((keepBytes: number) => number) & {
  async(keepBytes: number, done: (error: Error | null, result: number) => void): void;
};

let trim: Trim | undefined;

/**
 * Gives back to the kernel what the C library's allocator keeps of memory that was freed: a burst of buffers would else
 * stay for good (malloc_trim(3)). On a worker thread.
 */
export function trimMemory(): Promise<void> {
  trim ??= koffi().load("libc.so.6").func("int malloc_trim(size_t keepBytes)") as never;
  return new Promise((resolve, reject) => {
    trim!.async(0, (error) => (error ? reject(error) : resolve()));
  });
}
