// A process of its own for dataset-thread.test.ts: opens a set in a thread and leaves as its argument says.

import { openDatasetInThread } from "../../src/io/dataset/index.js";

const [, , path, way = ""] = process.argv;
const data = await openDatasetInThread(path!, { size: 32, cacheBytes: 0 });
// Far more than is read before the process leaves.
const many = (): Promise<unknown> =>
  data.pictures(Array.from({ length: 4000 }, (_, i) => i % data.count));
const report = (error: Error): void => console.log(error.message);

switch (way) {
  case "forget":
    await data.pictures([0]);
    break;
  case "close in a batch": {
    const cut = many().catch(report);
    await data.close();
    await cut;
    break;
  }
  case "exit in a batch":
    void many();
    setTimeout(() => process.exit(3), 50);
    break;
  default:
    throw new Error(`dataset-thread-script: unknown way ${way}`);
}
console.log("end of script");
