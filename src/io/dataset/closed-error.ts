// What is told to who asks a closed set for pictures.

/** A fault of the program, not of its data. */
export function closedError(): Error {
  return new Error("data set: expected an open one, got one that was closed");
}
