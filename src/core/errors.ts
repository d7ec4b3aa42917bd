// The one error class that callers branch on: bad input, told in a line, with what to do about it.

/** Bad input from outside: shown without a stack trace, exit code 2 in the command line. */
export class FollowspotError extends Error {
  override readonly name = "FollowspotError";
  /** What is wrong: the message without its remedy. */
  readonly fault: string;
  /** What the person can do about it, in a sentence. */
  readonly remedy: string | undefined;

  constructor(message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(options.remedy ? `${message} ${options.remedy}` : message, { cause: options.cause });
    this.fault = message;
    this.remedy = options.remedy;
  }
}
