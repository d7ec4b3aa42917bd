// System errors of file operations, told as errors for people.

import { FollowspotError } from "../core/errors.js";

interface Reason {
  says: string;
  remedy?: string;
}

const FREE_SPACE = "Free some space or choose another folder.";

const REASONS: Record<string, Reason> = {
  EACCES: { says: "permission denied", remedy: "Check who may read and write it." },
  EDQUOT: { says: "the disk quota is used up", remedy: FREE_SPACE },
  EISDIR: { says: "it is a folder", remedy: "Name a file." },
  EMFILE: { says: "too many open files" },
  ENAMETOOLONG: { says: "the name is too long", remedy: "Choose a shorter one." },
  ENOENT: { says: "no such file or folder", remedy: "Check the path." },
  ENOSPC: { says: "the disk is full", remedy: FREE_SPACE },
  ENOTDIR: { says: "a part of the path is not a folder", remedy: "Check the path." },
  EPERM: { says: "not permitted", remedy: "Check who may read and write it." },
  EROFS: { says: "the file system is read-only", remedy: "Choose another folder." },
};

/** The system's code of an error (`ENOENT`), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * `operation: path: reason` as a FollowspotError when `error` comes from the system; any other
 * error as it is. Made to be thrown: `catch (error) { throw fileError("read", path, error); }`
 */
export function fileError(operation: string, path: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof FollowspotError) return error;
  const reason = REASONS[code] ?? { says: (error as Error).message };
  return new FollowspotError(`${operation}: ${path}: ${reason.says}.`, {
    cause: error,
    ...(reason.remedy === undefined ? {} : { remedy: reason.remedy }),
  });
}

/**
 * What `read` gives of a path, or undefined when there is nothing.
 *
 * Throws FollowspotError when the system refuses: what cannot be read is not absent.
 */
export async function readIfThere<T>(
  path: string,
  read: (path: string) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw fileError("read", path, error);
  }
}
