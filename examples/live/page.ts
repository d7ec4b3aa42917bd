// The page's script: boxes that are dragged, and one order at a time, the newest, to the server that draws.

type Box = [left: number, top: number, right: number, bottom: number];
interface Thing {
  words: string;
  box: Box;
}

/** What the page asks the server to draw. */
export interface Order {
  readonly prompt: string;
  readonly seed: string;
  readonly steps: number;
  readonly boxes: readonly Thing[];
}

/** Evaluations of a picture once its boxes rest. */
const RESTING = 4;
const SMALLEST = 0.15;
const NUDGE = 0.02;
const ARROWS: Readonly<Record<string, readonly [x: number, y: number] | undefined>> = {
  ArrowLeft: [-NUDGE, 0],
  ArrowRight: [NUDGE, 0],
  ArrowUp: [0, -NUDGE],
  ArrowDown: [0, NUDGE],
};
const COLOURS = ["#d55e00", "#0072b2"];

const things: Thing[] = [
  { words: "red cube", box: [0.02, 0.06, 0.42, 0.46] },
  { words: "yellow sphere", box: [0.1, 0.56, 0.46, 0.94] },
];

const find = <T extends Element>(selector: string): T => document.querySelector<T>(selector)!;
const stage = find<HTMLDivElement>("#stage");
const picture = find<HTMLImageElement>("#stage img");
const status = find<HTMLParagraphElement>("[role=status]");
const prompt = find<HTMLInputElement>("#prompt");
const seed = find<HTMLInputElement>("#seed");
const moving = find<HTMLSelectElement>("#moving");

let newest: Order | undefined;
let isDrawing = false;

/** Asks for what is on the page now; what was asked before it and not begun is forgotten. */
async function draw(steps: number): Promise<void> {
  const boxes = structuredClone(things.filter(({ words }) => words.trim() !== ""));
  newest = { prompt: prompt.value, seed: seed.value, steps, boxes };
  if (isDrawing) return;
  isDrawing = true;
  while (newest) {
    const order: Order = newest;
    newest = undefined;
    await show(order).then(
      (told) => tell(told, false),
      (error: Error) => tell(error.message, true),
    );
  }
  isDrawing = false;
}

async function show(order: Order): Promise<string> {
  const begun = performance.now();
  const headers = { "content-type": "application/json" };
  const answer = await fetch("draw", { method: "POST", headers, body: JSON.stringify(order) });
  if (!answer.ok) throw new Error(await answer.text());
  const before = picture.src;
  picture.src = URL.createObjectURL(await answer.blob());
  URL.revokeObjectURL(before);
  await picture.decode();
  const passed = (performance.now() - begun).toFixed(0);
  return `${order.steps === 1 ? "1 evaluation" : `${order.steps} evaluations`}, ${passed} ms`;
}

function tell(text: string, isWrong: boolean): void {
  status.textContent = text;
  status.classList.toggle("wrong", isWrong);
}

const within = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);

/** Moves a box by shares of the picture, and keeps it inside. */
function moved([left, top, right, bottom]: Box, x: number, y: number): Box {
  const dx = within(x, -left, 1 - right);
  const dy = within(y, -top, 1 - bottom);
  return [left + dx, top + dy, right + dx, bottom + dy];
}

/** Moves a box's lower right corner. */
const resized = ([left, top, right, bottom]: Box, x: number, y: number): Box => [
  left,
  top,
  within(right + x, left + SMALLEST, 1),
  within(bottom + y, top + SMALLEST, 1),
];

function place(element: HTMLElement, { words, box: [left, top, right, bottom] }: Thing): void {
  const percent = (share: number): string => `${100 * share}%`;
  const size = { width: percent(right - left), height: percent(bottom - top) };
  Object.assign(element.style, { left: percent(left), top: percent(top), ...size });
  element.setAttribute("aria-label", `box of ${words}`);
  element.hidden = words.trim() === "";
}

type Change = (box: Box, steps: number) => void;

/** The pointer moves a box, or by its handle its corner. */
function followPointer(element: HTMLElement, thing: Thing, change: Change): void {
  element.addEventListener("pointerdown", (down) => {
    if (!down.isPrimary || down.button !== 0) return;
    const reshape = (down.target as Element).className === "handle" ? resized : moved;
    const { width, height } = stage.getBoundingClientRect();
    const before = thing.box;
    const move = ({ pointerId, clientX, clientY }: PointerEvent): void => {
      if (pointerId !== down.pointerId) return;
      const x = (clientX - down.clientX) / width;
      change(reshape(before, x, (clientY - down.clientY) / height), Number(moving.value));
    };
    const rest = (): void => {
      element.removeEventListener("pointermove", move);
      change(thing.box, RESTING);
    };
    element.setPointerCapture(down.pointerId);
    element.addEventListener("pointermove", move);
    element.addEventListener("lostpointercapture", rest, { once: true });
  });
}

function followKeys(element: HTMLElement, thing: Thing, change: Change): void {
  element.addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    if (!by) return;
    event.preventDefault();
    change((event.shiftKey ? resized : moved)(thing.box, ...by), RESTING);
  });
}

/** A box on the picture, and the field for its words. */
function addBox(thing: Thing, colour: string): void {
  const box = document.createElement("div");
  box.className = "box";
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.style.color = colour;
  box.append(Object.assign(document.createElement("div"), { className: "handle" }));
  place(box, thing);
  stage.append(box);
  const change: Change = (to, steps) => {
    thing.box = to;
    place(box, thing);
    void draw(steps);
  };
  followPointer(box, thing, change);
  followKeys(box, thing, change);

  const label = document.createElement("label");
  const words = Object.assign(document.createElement("input"), { value: thing.words });
  label.style.color = colour;
  label.append("Words of this box ", words);
  words.addEventListener("change", () => {
    thing.words = words.value;
    change(thing.box, RESTING);
  });
  find("#words").append(label);
}

for (const [i, thing] of things.entries()) addBox(thing, COLOURS[i]!);
for (const input of [prompt, seed]) {
  input.addEventListener("change", () => void draw(RESTING));
}
void draw(RESTING);
