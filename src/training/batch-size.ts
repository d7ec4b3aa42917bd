// How many pictures a training step may take.

import { z } from "zod";

/** The published runs' largest is 2048; far beyond that nothing fits into memory, and the runtime ends without a word. */
export const batchSize = z.int().positive().max(4096);
