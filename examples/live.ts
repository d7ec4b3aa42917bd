// A page on which a box is dragged and the picture follows: two evaluations a picture while it moves, four once it rests.
//
//   npx tsx examples/live.ts [MODEL] [PORT]      # then open the address that it prints

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { encodePng, FollowspotError, loadPipeline, parseSketch, pngTexts } from "followspot";
import ts from "typescript";
import type { DrawOptions } from "followspot";

const [model = "stage-live", port = "8018"] = process.argv.slice(2);
const pipe = await loadPipeline(model);
const file = (name: string) => readFile(new URL(`live/${name}`, import.meta.url), "utf8");

/** What is longer, or of more steps, comes from no page of ours. */
const LONGEST = 64 * 1024;
const MOST_STEPS = 50;

/** What the page wants; `parseSketch` says what is wrong with it. */
async function orderIn(request: IncomingMessage): Promise<DrawOptions> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > LONGEST) throw new SyntaxError(`expected at most ${LONGEST} bytes`);
    pieces.push(piece);
  }
  const body = (JSON.parse(Buffer.concat(pieces).toString()) ?? {}) as Record<string, unknown>;
  const { prompt, boxes, steps, seed } = body;
  const order = parseSketch({ version: 1, prompt, boxes, steps, seed });
  if ((order.steps ?? 0) <= MOST_STEPS) return order;
  throw new SyntaxError(`steps: expected ${MOST_STEPS} or fewer, got ${order.steps}`);
}

async function draw(request: IncomingMessage, signal: AbortSignal): Promise<Uint8Array> {
  const { prompt, boxes, steps, seed } = await orderIn(request);
  const options = { prompt, boxes, steps, seed, signal };
  const [drawn] = await pipe.pictures(options);
  const { data, width, height } = drawn!.picture;
  return encodePng(data, width, height, pngTexts(await pipe.recipeOf(options)));
}

/** Pages from elsewhere cannot send JSON here unasked, nor under another name of this machine. */
const isOurs = ({ headers }: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? "") &&
  headers["content-type"] === "application/json";

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort(new Error("the page moved on")));
  const send = (type: string, body: string | Uint8Array, status = 200) =>
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
  try {
    const asked = `${request.method} ${request.url}`;
    if (asked === "GET /") send("text/html", await file("page.html"));
    else if (asked === "GET /page.js") send("text/javascript", await pageScript());
    else if (asked !== "POST /draw") send("text/plain", "nothing here", 404);
    else if (!isOurs(request)) send("text/plain", "expected JSON from this page", 403);
    else send("image/png", await draw(request, gone.signal));
  } catch (error) {
    const isInput = error instanceof FollowspotError || error instanceof SyntaxError;
    send("text/plain", (error as Error).message, isInput ? 400 : 500);
  }
}

/** The page's script as browsers read it. */
async function pageScript(): Promise<string> {
  const { ES2022 } = ts.ScriptTarget;
  const compilerOptions = { target: ES2022, module: ts.ModuleKind.ES2022 };
  return ts.transpileModule(await file("page.ts"), { compilerOptions }).outputText;
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
