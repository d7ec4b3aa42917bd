// A download as a reporter tells it: whose terms the model is under, then megabytes of megabytes.

import type { DownloadProgress } from "../io/hub-download.js";
import type { Reporter } from "./draw-request.js";

const MEGABYTE = 1e6;

/** Gives a download's progress to a reporter, which it starts at the first bytes. */
export function downloadReport(reporter: Reporter): (progress: DownloadProgress) => void {
  let isStarted = false;
  let shown = -1;
  return ({ model, licence, file, loaded, total }) => {
    if (!isStarted) {
      const terms = licence === undefined ? "its card names no licence" : `licence ${licence}`;
      reporter.note(`downloading ${model} (${terms}) into Hugging Face's cache`);
      reporter.start(Math.ceil(total / MEGABYTE), `${model}, MB`);
      isStarted = true;
    }
    const done = loaded === total ? Math.ceil(total / MEGABYTE) : Math.floor(loaded / MEGABYTE);
    if (done !== shown) reporter.step(done, file);
    shown = done;
  };
}
