import { koffi } from "./libc.ts";

let trim: ((keepBytes: number) => number) | undefined;

/**
 * Gives back to the kernel what the C library's allocator keeps of memory that was freed: a burst of buffers would else
 * stay for good (malloc_trim(3)). Some 20 ms for 100 MB, and not on a worker thread: there it holds the allocator's locks, and
 * on a busy machine the main thread waits for them as long as the other is not let run.
 */
export function trimMemory(): void {
  trim ??= koffi().load("libc.so.6").func("int malloc_trim(size_t keepBytes)") as never;
  trim!(0);
}
