// Tells the system's refusals from faults in a file's content, which unpackers also give codes.

/** Whether an error comes from a call to the system, such as opening a file. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
