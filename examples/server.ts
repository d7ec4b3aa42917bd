// A server that draws: POST a prompt and boxes as JSON, get a PNG. Who hangs up ends the drawing within a step, and
// pictures are drawn one after another, since two at once would share the cores.
//
//   npx tsx examples/server.ts [MODEL] [PORT]
//   curl localhost:8017 -o cube.png -d '{"prompt":"a red cube","boxes":[{"words":"red cube","box":[0,0,0.5,0.5]}]}'

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { encodePng, FollowspotError, loadPipeline, pngTexts } from "followspot";
import type { DrawOptions } from "followspot";

const [model = "stage", port = "8017"] = process.argv.slice(2);
const pipe = await loadPipeline(model);
let turn: Promise<unknown> = Promise.resolve();

type Wanted = Pick<DrawOptions, "prompt" | "boxes" | "steps"> & { seed?: string };

/** What a client sent; Followspot itself checks what is in the boxes. */
function wantedIn(body: string): Wanted {
  const wanted = JSON.parse(body) as Partial<Wanted> | null;
  if (typeof wanted?.prompt !== "string") throw new SyntaxError("expected a prompt");
  if (!/^\d+$/.test(wanted.seed ?? "0")) throw new SyntaxError('expected a seed such as "7"');
  if (!Array.isArray(wanted.boxes ?? [])) throw new SyntaxError("expected a list of boxes");
  return { ...wanted, prompt: wanted.prompt };
}

async function draw(request: IncomingMessage, signal: AbortSignal): Promise<Uint8Array> {
  const { prompt, boxes, steps, seed } = wantedIn(await text(request));
  // A seed may have 64 bits, more than a JSON number holds: it travels as text.
  const options = { prompt, boxes: boxes ?? [], steps, seed: BigInt(seed ?? 0), signal };
  const mine = turn.then(() => pipe.pictures(options));
  turn = mine.catch(() => undefined);
  const [drawn] = await mine;
  const { data, width, height } = drawn!.picture;
  return encodePng(data, width, height, pngTexts(await pipe.recipeOf(options)));
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
    // What a person did wrong is told in a line; all else is a fault of the server.
    const isInput = error instanceof FollowspotError || error instanceof SyntaxError;
    response.writeHead(isInput ? 400 : 500).end(`${message}\n`);
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
