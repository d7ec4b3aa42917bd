// Compiled graphs by what they were compiled for, the least lately used going first.

import { FollowspotError } from "../core/errors.js";
import type { Session, Tensors } from "../engine/runtime/session.js";
import { Turns } from "../engine/runtime/turns.js";

const closed = (): FollowspotError =>
  new FollowspotError("draw: expected an open pipeline, got one that was closed meanwhile.", {
    remedy: "Close it when its drawings are done, or open another.",
  });

/** A session that remembers whether a run of it failed; one that was aborted, or given what does not fit, has not. */
class WatchedSession implements Session {
  hasFailed = false;

  constructor(private readonly session: Session) {}

  async run(feeds: Tensors, results?: Tensors, signal?: AbortSignal) {
    try {
      return await this.session.run(feeds, results, signal);
    } catch (error) {
      this.hasFailed ||= !signal?.aborted && !(error instanceof FollowspotError);
      throw error;
    }
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** Sessions by key; a session that falls out is released once its last run is done. */
export class SessionCache {
  private readonly sessions = new Map<string, Promise<Session>>();
  private readonly turns = new Turns();
  private isReleased = false;

  /** @param capacity - how many sessions may be held at once, at least 1 */
  constructor(private readonly capacity: number) {}

  /**
   * Runs `use` with the session of `key`, made by `compile` when there is none. One run at a time. When `signal`
   * aborts, a run that waits is not begun, and a compilation is abandoned: it ends by itself and its session is kept.
   * A session that failed, as when its worker or its device was lost, is not used again.
   *
   * @throws FollowspotError once the sessions were released: nobody would release another; the signal's reason
   */
  run<T>(
    key: string,
    compile: () => Promise<Session>,
    use: (session: Session) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.isReleased) return Promise.reject(closed());
    const turn = async (): Promise<T> => {
      const session = await this.get(key, compile);
      signal?.throwIfAborted();
      const watched = new WatchedSession(session);
      try {
        return await use(watched);
      } finally {
        if (watched.hasFailed) await this.drop(key).catch(() => undefined);
      }
    };
    return this.turns.take(turn, signal);
  }

  /** Releases all sessions, once the run under way is done. */
  async release(): Promise<void> {
    this.isReleased = true;
    await this.turns.idle();
    const held = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of held) await (await session).release();
  }

  private async get(key: string, compile: () => Promise<Session>): Promise<Session> {
    const known = this.sessions.get(key);
    if (known) {
      this.sessions.delete(key);
      this.sessions.set(key, known);
      return known;
    }
    // Room is made first: two sets of packed weights may not fit at once.
    while (this.sessions.size >= this.capacity) await this.drop([...this.sessions.keys()][0]!);
    const made = compile();
    this.sessions.set(key, made);
    made.catch(() => this.sessions.delete(key));
    return made;
  }

  private async drop(key: string): Promise<void> {
    const session = this.sessions.get(key)!;
    this.sessions.delete(key);
    await (await session).release();
  }
}
