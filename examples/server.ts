// A server that draws: POST a prompt and boxes as JSON, get a PNG. Who hangs up ends the drawing within a step, and
// pictures are drawn one after another, since two at once would share the cores. It answers this machine alone.
//
//   npx tsx examples/server.ts [MODEL] [PORT]
//   curl localhost:8017 -o cube.png -H "content-type: application/json" \
//     -d '{"prompt":"a red cube","boxes":[{"words":"red cube","box":[0,0,0.5,0.5]}]}'

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { encodePng, FollowspotError, loadPipeline, parseSketch, pngTexts } from "followspot";
import type { DrawOptions } from "followspot";

const [model = "stage", port = "8017"] = process.argv.slice(2);
const pipe = await loadPipeline(model);
let turn: Promise<unknown> = Promise.resolve();

const MOST_BYTES = 2 ** 16;
const MOST_STEPS = 200;
/** This machine, as a Host or an Origin names it: pages of other sites may neither ask nor pretend to be here. */
const HERE = /^(https?:\/\/)?(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** What a client did wrong, with its HTTP status. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

function check({ method, headers }: IncomingMessage): void {
  const { host = "", origin = host, "content-type": type = "", "content-length": length } = headers;
  if (!HERE.test(host) || !HERE.test(origin)) throw new Refusal(403, "expected this machine");
  if (method !== "POST") throw new Refusal(405, `expected POST, got ${method}`);
  if (!/^application\/json\b/i.test(type)) throw new Refusal(415, "expected application/json");
  // A body that does not tell its length is refused too; of one that does, Node reads no more.
  if (!(Number(length) <= MOST_BYTES))
    throw new Refusal(413, `expected ${MOST_BYTES} bytes or less`);
}

/** What a client wants; `parseSketch` says what is wrong with it. A seed of 64 bits travels as text. */
function wantedIn(body: string): DrawOptions {
  const { prompt, boxes, steps, seed } = (JSON.parse(body) ?? {}) as Record<string, unknown>;
  const wanted = parseSketch({ version: 1, prompt, boxes, steps, seed });
  if ((wanted.steps ?? 0) <= MOST_STEPS) return wanted;
  throw new Refusal(400, `steps: expected ${MOST_STEPS} or fewer, got ${wanted.steps}`);
}

async function draw(request: IncomingMessage, signal: AbortSignal): Promise<Uint8Array> {
  check(request);
  const { prompt, boxes, steps, seed } = wantedIn(await text(request));
  const options = { prompt, boxes, steps, seed, signal };
  const mine = turn.then(() => pipe.pictures(options));
  turn = mine.catch(() => undefined);
  const [drawn] = await mine;
  const { data, width, height } = drawn!.picture;
  return encodePng(data, width, height, pngTexts(await pipe.recipeOf(options)));
}

/** What a person did wrong is told in a line; all else is a fault of the server. */
function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  return error instanceof FollowspotError || error instanceof SyntaxError ? 400 : 500;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort(new Error("the client hung up")));
  try {
    const png = await draw(request, gone.signal);
    response.writeHead(200, { "content-type": "image/png" }).end(png);
    console.log(`drew ${png.length} bytes`);
  } catch (error) {
    const { message } = error as Error;
    console.log(message);
    response.writeHead(statusOf(error), { connection: "close" }).end(`${message}\n`);
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
